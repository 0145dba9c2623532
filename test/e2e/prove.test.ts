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

/** Real images, sound and really broken, booted by the command; two cases at a time. */
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

  it.concurrent('tells a sound image from one that a check of the user’s own refuses', async () => {
    const checks = await temporaryFolder(scope);
    await writeFile(join(checks, '10-hostname'), '#!/bin/sh\necho "$PROVE_FORMAT on $(uname -n)"\n', {
      mode: 0o755,
    });
    await writeFile(join(checks, '20-database'), '#!/bin/sh\necho no database here >&2\nexit 3\n', {
      mode: 0o755,
    });
    await writeFile(join(checks, 'README'), 'not a check\n');
    const { exitCode, said, evidence } = await prove('sound', {}, { PROVE_CHECKS: checks });
    expect(exitCode).toBe(1);
    expect(said).toMatch(
      /sound\.raw is not right on hardware like Amazon EC2: .*: 20-database: no database here/,
    );
    const record = await readProofRecord(evidence);
    expect(record?.boots.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    const [first, second] = record?.boots ?? [];
    const distinct = [first, second].flatMap((boot) =>
      (boot?.checks ?? []).filter(({ check }) => check === 'differs from the other machines'),
    );
    const failed = first?.checks.filter(({ outcome }) => outcome !== 'ok');
    expect(failed).toEqual([{ check: '20-database', outcome: 'failed', detail: 'no database here' }]);
    expect(first?.checks).toContainEqual({
      check: '10-hostname',
      outcome: 'ok',
      detail: expect.stringMatching(/^raw on proof-[0-9a-f]{8}$/) as string,
    });
    expect(first?.checks).toContainEqual(
      expect.objectContaining({ check: 'network on eth0', detail: 'inet 10.0.2.15/24, driver e1000e' }),
    );
    // Whichever was there second.
    expect(distinct).toEqual([{ check: 'differs from the other machines', outcome: 'ok' }]);
    for (const { screenshot = '', console: text = '' } of record?.boots ?? []) {
      const picture = await readFile(join(evidence, screenshot));
      expect(picture.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
      expect(await readFile(join(evidence, text), 'utf8')).toContain('Linux version');
    }
  });

  it.concurrent('finds what a build left, and a key that is not the owner’s', async () => {
    const files = {
      '/root/.netrc': 'machine example.org password secret\n',
      '/root/.bash_history': 'ls\n',
      '/var/log/build.log': 'built\n',
      '/var/tmp/ansible.tmp': 'x\n',
      '/root/.ssh/authorized_keys2': 'ssh-ed25519 AAAA stranger@build',
    };
    const { said } = await prove('dirty', { files });
    for (const path of [
      '/root/.netrc',
      '/root/.bash_history',
      '/var/log/build.log',
      '/var/tmp/ansible.tmp',
    ]) {
      expect(said).toContain(path);
    }
    expect(said).toContain('only your key: others may log in too: stranger@build');
    expect(said).not.toContain('secret');
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

  it.concurrent('names a machine whose network card has no driver', async () => {
    const grub = (config: string): string => config.replace('net.ifnames=0', '$& module_blacklist=e1000e');
    const { said } = await prove('no-network', { grub }, { SSH_TIMEOUT: '120s' });
    expect(said).toMatch(/no-network\.raw does not start .*: no network/);
  });

  it.concurrent('names an image that does not let the key in', async () => {
    const files = { '/etc/ssh/sshd_config.d/10-closed.conf': 'PubkeyAuthentication no\n' };
    const { said } = await prove('closed', { files });
    expect(said).toMatch(
      /closed\.raw does not start .*: ssh answers, but does not let you in: .*Permission denied/,
    );
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
    expect(await readdir(join(folder, 'stopped.proof'))).toEqual(['.lock']);
  });
});
