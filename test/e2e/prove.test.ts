import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProofRecord } from '../../src/output/proof-record.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run, type RunResult } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { type Alteration, alteredBase } from './rig/altered-base.ts';
import { launch, startSh } from './rig/program.ts';
import { nothingLeftWith, processesWith } from '../support/processes.ts';

/** Real images that are really broken, booted by the command; two cases at a time. */
describe('prove', () => {
  const scope = new Scope();
  let folder: string;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    folder = await temporaryFolder(scope);
    const key = join(folder, 'key');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', key]);
    env = { SSH_PRIVATE_KEY: key, ACCELERATOR: 'tcg', IMAGE_PATH: folder, PROVE: 'boot' };
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  async function prove(
    name: string,
    alteration: Alteration,
    extra: NodeJS.ProcessEnv = {},
  ): Promise<RunResult & { readonly said: string; readonly evidence: string }> {
    const image = join(folder, `${name}.raw`);
    await alteredBase(image, alteration);
    const result = await startSh(['prove', image], { ...env, ...extra });
    return { ...result, said: result.tail.join('\n'), evidence: join(folder, `${name}.proof`) };
  }

  /** Started twice, as every image that is alone: what two machines may not share is looked at too. */
  it.concurrent('finds what is wrong inside, and nothing else', async () => {
    const checks = await temporaryFolder(scope);
    const check = (name: string, text: string): Promise<void> =>
      writeFile(join(checks, name), text, { mode: 0o755 });
    await check('10-hostname', '#!/bin/sh\necho "$PROVE_FORMAT on $(uname -n)"\n');
    await check('20-database', '#!/bin/sh\necho no database here >&2\nexit 3\n');
    await check('30-addresses', '#!/bin/sh\ncat /proc/sys/kernel/randomize_va_space\n');
    const traces = {
      '/root/.netrc': 'machine example.org password secret\n',
      '/root/.bash_history': 'ls\n',
      // A log that this start goes on with.
      '/var/log/wtmp': 'built\n',
      '/var/tmp/ansible.tmp': 'x\n',
    };
    const files = {
      ...traces,
      '/root/.ssh/authorized_keys2': 'ssh-ed25519 AAAA stranger@build',
      // An emulated machine is told otherwise for its start.
      '/etc/sysctl.d/90-addresses.conf': 'kernel.randomize_va_space = 1\n',
      // Where no program may run, checks of the user's own still do.
      '/etc/systemd/system/tmp.mount':
        '[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\nOptions=mode=1777,noexec\n',
      '/etc/systemd/system/local-fs.target.d/tmp.conf': '[Unit]\nWants=tmp.mount\n',
    };
    const { exitCode, said, evidence } = await prove('wrong', { files }, { PROVE_CHECKS: checks });
    expect(exitCode).toBe(1);
    expect(said).toMatch(/wrong\.raw is not right on hardware like Amazon EC2: /);
    expect(said).not.toContain('secret');
    const boots = (await readProofRecord(evidence))?.boots ?? [];
    expect(boots.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    for (const boot of boots) {
      expect(boot.checks.filter(({ outcome }) => outcome !== 'ok')).toEqual([
        { check: 'nothing left by the build', outcome: 'failed', detail: expect.any(String) as string },
        { check: 'only your key', outcome: 'failed', detail: 'others may log in too: stranger@build' },
        { check: '20-database', outcome: 'failed', detail: 'no database here' },
      ]);
      const details = Object.fromEntries(boot.checks.map(({ check: name, detail = '' }) => [name, detail]));
      for (const path of Object.keys(traces)) expect(details['nothing left by the build']).toContain(path);
      expect(details['10-hostname']).toMatch(/^raw on proof-[0-9a-f]{8}$/);
      expect(details['30-addresses']).toBe('1');
      expect(details['network on eth0']).toBe('inet 10.0.2.15/24, driver e1000e');
      const { screenshot = '', console: text = '' } = boot;
      const picture = await readFile(join(evidence, screenshot));
      expect(picture.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
      expect(await readFile(join(evidence, text), 'utf8')).toContain('Linux version');
    }
    // Whichever was there second.
    const distinct = boots.flatMap(({ checks: all }) =>
      all.filter(({ check: name }) => name === 'differs from the other machines'),
    );
    expect(distinct).toEqual([{ check: 'differs from the other machines', outcome: 'ok' }]);
  });

  it.concurrent('names an image without boot loader, at once', async () => {
    const { exitCode, said, durationMs } = await prove('no-loader', { hasNoBootSector: true });
    expect(exitCode).toBe(1);
    expect(said).toMatch(/no-loader\.raw does not start on hardware like Amazon EC2: .*: no boot loader/);
    expect(durationMs).toBeLessThan(60_000);
  });

  it.concurrent('names a kernel panic', async () => {
    const grub = (config: string): string => config.replace(/^ *initrd .*$/m, '');
    const { said, evidence } = await prove('panic', { grub });
    expect(said).toMatch(/panic\.raw does not start .*: no root device: the kernel lacks the driver/);
    expect(said).toMatch(/Kernel panic - not syncing/);
    expect(await readFile(join(evidence, 'raw.console.log'), 'utf8')).toMatch(/Kernel panic - not syncing/);
  });

  it.concurrent('names a root device that the initramfs does not find', async () => {
    const grub = (config: string): string => config.replace(/root=UUID=\S+/, 'root=LABEL=GONE rootdelay=2');
    const { said } = await prove('no-root', { grub });
    expect(said).toMatch(/no-root\.raw does not start .*: no root device: LABEL=GONE did not appear/);
  });

  it.concurrent('ends at once when it is stopped, and leaves nothing running and no disk', async () => {
    const image = join(folder, 'stopped.raw');
    await alteredBase(image, {});
    const mark = 'PROOF_TO_STOP=1';
    const proof = launch(['prove', image, '--progress', 'plain'], { ...env, PROOF_TO_STOP: '1' });
    await proof.line(/compare raw 100 %/);
    while (!(await processesWith(mark)).join('\n').includes('qemu-system-x86_64')) await sleep(50);
    proof.kill('SIGINT');
    expect(await proof.exitCode).toBe(130);
    await nothingLeftWith(mark);
    expect((await readdir(join(folder, 'stopped.proof'))).sort()).toEqual(['.lock', 'proof.json']);
  });
});
