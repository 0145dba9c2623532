import { chmod, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProofRecord } from '../../src/output/proof-record.ts';
import { run } from '../../src/system/process.ts';
import { fakeMachine, type MachinePlan } from '../fakes/machine/fake-machine.ts';
import { nothingLeftWith, processesWith } from '../support/processes.ts';
import { BuildRig, type Ended } from './build-rig.ts';
import { buildWell, fakePacker } from './fake-packer.ts';

/** What `prove` makes of a machine's end, by QEMUs and guests that are played; the images are real ones. */
describe('a machine of a proof', () => {
  let rig: BuildRig;

  beforeAll(async () => {
    rig = await BuildRig.open();
    // Its user data is Ignition, which tells no host name that the played guest would have to know.
    rig.env = { ...rig.env, PROVE: 'boot', BASE_FAMILY: 'fedora-coreos', PAYLOAD: '', SSH_TIMEOUT: '10s' };
  }, 60_000);
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  /** Marks what runs for one test, of this run of the tests. */
  const markOf = (name: string): { readonly env: Record<string, string>; readonly mark: string } => {
    const value = rig.at(name);
    return { env: { PROOF_MARK: value }, mark: `PROOF_MARK=${value}` };
  };

  async function makeImage(name: string, plan: MachinePlan): Promise<string> {
    await fakeMachine(rig.fakes.folder, rig.at('key'), plan);
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', rig.at(`${name}.qcow2`), '32M']);
    return rig.at(`${name}.qcow2`);
  }

  async function prove(name: string, plan: MachinePlan): Promise<Ended & { readonly evidence: string }> {
    const ended = await rig.run(['prove', await makeImage(name, plan)]);
    return { ...ended, evidence: rig.at(`${name}.proof`) };
  }

  it('that is right is proven, with a picture of its screen', async () => {
    const { exitCode, stderr, evidence } = await prove('right', { console: 'Linux version 6.1\n' });
    expect(exitCode, stderr).toBe(0);
    const record = await readProofRecord(evidence);
    expect(record).toMatchObject({ comparison: { outcome: 'ok' }, accelerator: 'tcg' });
    expect(record?.boots).toMatchObject([
      { outcome: 'ok', screenshot: 'qcow2.png', console: 'qcow2.console.log' },
      { outcome: 'ok', screenshot: 'qcow2-2.png', console: 'qcow2-2.console.log' },
    ]);
    expect(await readFile(join(evidence, 'qcow2.console.log'), 'utf8')).toBe('Linux version 6.1\n');
  });

  it('runs checks of the user’s own, each by the interpreter that it names', async () => {
    const checks = rig.at('checks');
    await rig.write('checks/README', 'not a check\n');
    const perl = '#!/usr/bin/perl\nprint "perl for $ENV{PROVE_FORMAT}\\n"; exit 0;\n';
    const sh = '#!/bin/sh\necho before; echo no database here >&2; exit 3\n';
    for (const [name, text] of Object.entries({ '10-perl': perl, '20-database': sh }))
      await chmod(await rig.write(`checks/${name}`, text), 0o755);
    const image = await makeImage('checked', {});
    const { exitCode, stderr } = await rig.run(['prove', image], { PROVE_CHECKS: checks });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/checked\.qcow2 is not right .*: 20-database: no database here$/m);
    const record = await readProofRecord(rig.at('checked.proof'));
    expect(record?.boots[0]?.checks.slice(-2)).toMatchObject([
      { check: '10-perl', outcome: 'ok', detail: 'perl for qcow2' },
      { check: '20-database', outcome: 'failed', detail: 'no database here' },
    ]);
  });

  it('that is not right costs a build its stamp, and the files are kept with the evidence', async () => {
    await fakePacker(rig, buildWell);
    await fakeMachine(rig.fakes.folder, rig.at('key'));
    await chmod(await rig.write('audit/audit', '#!/bin/sh\necho not allowed here\nexit 1\n'), 0o755);
    const { exitCode, stderr } = await rig.run(['build'], {
      PAYLOAD: await rig.write('site.yml', '- hosts: all\n'),
      FORMATS: 'qcow2',
      PROVE_CHECKS: rig.at('audit'),
    });
    expect(exitCode, stderr).toBe(1);
    expect(stderr).toMatch(/small\.qcow2 is not right on hardware like QEMU, .*: audit: not allowed here/);
    const [aside, ...others] = await rig.visible();
    expect(others).toEqual([]);
    expect(aside).toMatch(/^packer-failed-/);
    const kept = join(rig.imagePath, aside ?? '');
    expect((await readdir(kept)).sort()).toEqual(['proof', 'small.qcow2']);
    expect(await readdir(join(kept, 'proof'))).toEqual(
      expect.arrayContaining(['proof.json', 'qcow2.png', 'qcow2.console.log', 'qcow2-2.png']),
    );
  });

  it('whose log the build had begun is found out, though the log is of this start', async () => {
    await fakeMachine(rig.fakes.folder, rig.at('key'));
    await rig.write('tree/etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
    await rig.write('tree/var/log/auth.log', 'build sshd[7]: Accepted publickey for core\n');
    await run(['mkfs.ext4', '-q', '-d', rig.at('tree'), rig.at('dirty.raw'), '8M']);
    const { exitCode, stderr } = await rig.run(['prove', rig.at('dirty.raw')]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /dirty\.raw is not right .*: nothing left by the build: \/var\/log\/auth\.log[;\n]/,
    );
  });

  it('whose disk cannot be read is judged by itself alone, and that is told', async () => {
    const { exitCode, stderr, evidence } = await prove('unreadable', {});
    expect(exitCode, stderr).toBe(0);
    const why = 'the disk: no ext file system is on it, nor anything else that is known';
    expect(stderr).toContain(`what the build left is looked for in the machines alone: ${why}`);
    expect((await readProofRecord(evidence))?.boots[0]?.checks).toContainEqual({
      check: 'nothing left by the build',
      outcome: 'ok',
      detail: `by the times of its files alone; ${why}`,
    });
  });

  it('whose screen cannot be pictured is told of, in the record too', async () => {
    const { exitCode, stderr, evidence } = await prove('blind', { screenFailure: 'no surface' });
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('warning: qcow2: there is no picture of its screen: GenericError: no surface');
    const record = await readProofRecord(evidence);
    expect(record?.boots[0]).toMatchObject({ outcome: 'ok', noScreenshot: 'GenericError: no surface' });
    expect(record?.boots[0]).not.toHaveProperty('screenshot');
  });

  it('that QEMU cannot run is no failure of the image', async () => {
    const refuses = "cannot set up guest memory 'pc.ram': Cannot allocate memory";
    const { exitCode, stderr, evidence } = await prove('no-memory', { refuses });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/QEMU could not run a machine of the proof: .*Cannot allocate memory/);
    expect(stderr).toContain('set MEMORY lower');
    expect(stderr).not.toContain('does not start');
    expect((await readProofRecord(evidence))?.boots).toEqual([]);
  });

  it.each<[string, string, NonNullable<MachinePlan['afterGreeting']>, RegExp]>([
    [
      'panics',
      'panic',
      { console: 'Kernel panic - not syncing: Attempted to kill init!\n' },
      /kernel panic: Attempted/,
    ],
    ['ends', 'gone', { words: 'fatal: Trying to execute code outside RAM' }, /fatal: Trying to execute/],
  ])('that %s after its greeting ends the proof at once', async (_what, name, afterGreeting, why) => {
    // Such a login hangs for longer than the test may take.
    const startMs = performance.now();
    const { exitCode, stderr } = await prove(name, { afterGreeting, ssh: 'exec sleep 60' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/does not start on hardware like .*: ssh answered, and then the machine ended: /);
    expect(stderr).toMatch(why);
    expect(performance.now() - startMs).toBeLessThan(30_000);
  });

  it('that nobody reaches in time is told by how far its console came', async () => {
    const image = await makeImage('no-network', {
      console: 'Debian GNU/Linux 12\nhost login: ',
      isSilent: true,
    });
    const { exitCode, stderr } = await rig.run(['prove', image], { SSH_TIMEOUT: '2s' });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /does not start .*: no network: the system is up \(its console asks for a login\)/,
    );
  });

  it('that lets nobody in is told by the words of ssh', async () => {
    const { stderr } = await prove('closed', { ssh: 'echo "Permission denied (publickey)." >&2; exit 255' });
    expect(stderr).toMatch(
      /does not start .*: ssh answers, but does not let you in: Permission denied \(publickey\)/,
    );
  });

  it('goes when the proof is stopped', async () => {
    const image = await makeImage('stopped', { ssh: 'exec sleep 60' });
    const { env, mark } = markOf('stopped');
    const proof = rig.start(['prove', image], env);
    await untilRunning(mark);
    proof.kill('SIGINT');
    expect((await proof.ended).exitCode).toBe(130);
    await nothingLeftWith(mark);
    expect((await readdir(rig.at('stopped.proof'))).sort()).toEqual(['.lock', 'proof.json']);
  });

  it('goes when the proof is killed, and the next one cleans up', async () => {
    const image = await makeImage('killed', { ssh: 'exec sleep 60' });
    const { env, mark } = markOf('killed');
    const proof = rig.start(['prove', image], env);
    await untilRunning(mark);
    proof.kill('SIGKILL');
    await proof.ended;
    await expect.poll(() => machinesWith(mark), { timeout: 10_000 }).toEqual([]);
    await fakeMachine(rig.fakes.folder, rig.at('key'));
    const again = await rig.run(['prove', image]);
    expect(again.exitCode, again.stderr).toBe(0);
    const left = await readdir(rig.at('killed.proof'));
    expect(left.filter((name) => name.startsWith('nb-'))).toEqual([]);
  });

  async function machinesWith(mark: string): Promise<readonly string[]> {
    return (await processesWith(mark)).filter((line) => line.includes('fake-qemu.mjs'));
  }

  /** Until both machines of an image that is alone run. */
  async function untilRunning(mark: string): Promise<void> {
    while ((await machinesWith(mark)).length < 2) await sleep(50);
  }
});
