import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TimedEvent } from '../../src/events.ts';
import { run } from '../../src/system/process.ts';
import { nothingLeftWith } from '../support/processes.ts';
import { BuildRig } from './build-rig.ts';
import { buildQuickly, fakePacker, makeDisk, type PackerBuild } from './fake-packer.ts';

/** Builds that fail, with a Packer that does what the test says: what the user is told, and what is left. */
describe('a build', () => {
  let rig: BuildRig;
  let count = 0;

  beforeAll(async () => {
    rig = await BuildRig.open();
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });
  beforeEach(() => {
    count += 1;
    rig.env['IMAGE_PATH'] = rig.at(`images-${count}`);
  });

  const failed = /^packer-failed-\d{8}-\d{6}$/;

  it('that fails in a task names it, shows its last lines and where the log is, and keeps its files', async () => {
    await fakePacker(rig, async (packer) => {
      await packer.say('==> qemu: Starting VM, booting disk image', '==> qemu: Connected to SSH!');
      await packer.tool(
        'PLAY [Site] ***',
        'TASK [try : Rescued] ***',
        'fatal: [default]: FAILED! => {"msg": "tried"}',
      );
      await packer.tool('TASK [site : Break it] ***');
      await packer.tool('fatal: [default]: FAILED! => {"msg": "non-zero, sorry", "stderr": "one\\ntwo"}');
      await packer.tool(
        'PLAY RECAP ***',
        'default : ok=1 changed=0 unreachable=0 failed=1 skipped=0 rescued=1',
      );
      await makeDisk(packer);
      await packer.say("Build 'qemu' errored: exit status 2");
      await packer.call.exit(1);
    });
    const { exitCode, stdout, stderr } = await rig.run(['--progress', 'json']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error: the Ansible task "site : Break it" failed (play "Site")');
    expect(stderr).toMatch(/\| non-zero, sorry\n +\| one\n +\| two\n/);
    const log = /log: (\S+build\.log)/.exec(stderr)?.[1] ?? '';
    expect(await readFile(log, 'utf8')).toContain('non-zero, sorry');
    expect(stderr).toMatch(/hint: \S/);
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as TimedEvent);
    expect(events.at(-1)).toMatchObject({ type: 'build-failed', code: 'provision-failed', logFile: log });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'phase-finished', phase: 'provision', outcome: 'failed' }),
    );
    const [aside = '', ...others] = await rig.visible();
    expect(aside).toMatch(failed);
    expect(others).toEqual([]);
    expect(await readdir(join(rig.imagePath, aside))).toEqual(['small.qcow2']);
  });

  it('whose machine never answers by SSH shows the last lines of its console', async () => {
    await fakePacker(rig, async (packer) => {
      const serial = packer.variables['serial']?.slice('file:'.length) ?? '';
      await writeFile(serial, 'GRUB loading\r\nKernel panic: no root\r\n\r\n');
      await packer.say('==> qemu: Starting VM, booting disk image', '==> qemu: Timeout waiting for SSH.');
      await packer.call.exit(1);
    });
    const { exitCode, stderr } = await rig.run([]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error: the machine started, but SSH never answered');
    expect(stderr).toMatch(/\| GRUB loading\n +\| Kernel panic: no root\n/);
    expect(stderr).toContain('SSH_TIMEOUT');
  });

  it.each<[string, (packer: PackerBuild) => Promise<void>, RegExp]>([
    [
      'dies by a signal',
      ({ call }) => {
        process.kill(call.pid, 'SIGKILL');
        return Promise.resolve();
      },
      /error: packer was killed by SIGKILL/,
    ],
    ['ends without a word', ({ call }) => call.exit(3), /error: packer ended with exit code 3/],
    [
      'says why',
      async ({ call, say }) => {
        await say("Build 'qemu' errored: no space left, at all");
        await call.exit(1);
      },
      /\| Build 'qemu' errored: no space left, at all/,
    ],
    [
      'prints what is not its own format',
      async ({ call }) => {
        await call.stderr('panic: runtime error\n');
        await call.exit(2);
      },
      /\| panic: runtime error/,
    ],
    [
      'does nothing and is content',
      ({ call }) => call.exit(0),
      /error: the conversion made no qcow2, vdi, vhd, vmdk/,
    ],
    ['leaves a format out', (packer) => buildQuickly(packer, ['qcow2', 'vdi', 'vmdk']), /made no vhd/],
  ])('whose Packer %s fails, says so, and stamps nothing', async (_what, answer, message) => {
    await fakePacker(rig, answer);
    const { exitCode, stderr } = await rig.run([]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('this is a bug');
    expect((await rig.visible()).filter((name) => !failed.test(name))).toEqual([]);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stopped by %s lets Packer clean up, ends with %i, and leaves nothing', async (signal, code) => {
    let stoppedBy = '';
    await fakePacker(rig, async (packer) => {
      await makeDisk(packer);
      await packer.call.catchSignals('SIGINT', 'SIGTERM');
      program.kill(signal);
      stoppedBy = await packer.call.nextSignal();
      await packer.call.exit(1);
    });
    const program = rig.start([]);
    const { exitCode, stderr } = await program.ended;
    expect(exitCode).toBe(code);
    expect(stoppedBy).toBe('SIGINT');
    expect(stderr).toContain(`stopped by ${signal}`);
    expect(stderr).not.toContain('error:');
    expect(await rig.visible()).toEqual([]);
    await nothingLeftWith(`IMAGE_PATH=${rig.imagePath}`);
  });

  it('stopped twice does not wait for a Packer that ignores it', async () => {
    const packer = await fakePacker(rig, async ({ call }) => {
      await call.catchSignals('SIGINT', 'SIGTERM');
      program.kill('SIGINT');
      await call.nextSignal();
      program.kill('SIGINT');
    });
    const program = rig.start([]);
    expect((await program.ended).exitCode).toBe(130);
    await packer.calls[0]?.ended;
    await nothingLeftWith(`IMAGE_PATH=${rig.imagePath}`);
  });

  it('stopped while it looks at the tools is stopped, not full of problems', async () => {
    const packer = await rig.fakes.command('packer');
    const program = rig.start([]);
    await packer.nextCall();
    program.kill('SIGTERM');
    const { exitCode, stderr } = await program.ended;
    expect(exitCode).toBe(143);
    expect(stderr).toBe('stopped by SIGTERM\n');
  });

  it('keeps a second one out, and says who holds the folder; a third that comes after gets it', async () => {
    let second: Promise<{ exitCode: number | null; stderr: string }> | undefined;
    const packer = await fakePacker(rig, async (build) => {
      second ??= rig.run([]);
      await second;
      await buildQuickly(build);
    });
    const first = rig.start([]);
    expect((await first.ended).exitCode).toBe(0);
    expect(await second).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(
        new RegExp(`another build is at work in ${rig.imagePath}: process ${first.pid} on `),
      ) as string,
    });
    expect((await rig.run(['--force'])).exitCode).toBe(0);
    expect(packer.calls).toHaveLength(2);
    expect(await rig.visible()).toHaveLength(3);
  });

  it('moves what a crash left aside, and says so', async () => {
    await mkdir(join(rig.imagePath, 'packer'), { recursive: true });
    await writeFile(join(rig.imagePath, 'packer/half.qcow2'), 'half');
    await fakePacker(rig, (packer) => buildQuickly(packer));
    const { exitCode, stderr } = await rig.run(['--progress', 'plain']);
    expect(exitCode).toBe(0);
    const [aside = ''] = (await rig.visible()).filter((name) => name.startsWith('packer-stale-'));
    expect(stderr).toContain(
      `an earlier build was cut off; its files are now in ${join(rig.imagePath, aside)}`,
    );
    expect(await readFile(join(rig.imagePath, aside, 'half.qcow2'), 'utf8')).toBe('half');
  });

  it('without a network for the packages of its base says so', async () => {
    const packer = await fakePacker(rig, buildQuickly);
    // The real one is wanted, which mmdebstrap calls.
    await rm(join(rig.fakes.folder, 'apt-get'));
    const offline = ['unshare', '--net', join(rig.programFolder, 'start.sh')];
    const { exitCode, tail } = await run(offline, {
      env: { ...rig.env, BASE_IMAGE: '', BASE_FAMILY: '' },
      acceptExitCodes: [1],
    });
    const text = tail.join('\n');
    expect(exitCode).toBe(1);
    expect(text).toContain('error: cannot make the Debian base image: the Debian packages cannot be fetched');
    expect(text).toMatch(/\| .*(resolving|connect)/);
    expect(text).toMatch(/hint: check the network \(apt-get update must work here\)/);
    expect(packer.calls).toEqual([]);
    expect(await readdir(join(rig.imagePath, '.cache'))).toEqual([expect.stringMatching(/\.lock$/)]);
  });

  it('tells every problem at once, before anything starts', async () => {
    const packer = await fakePacker(rig, buildQuickly);
    await writeFile(rig.at('no-key'), 'no key');
    const { exitCode, stderr } = await rig.run([], {
      BUILD_TYPE: 'ami',
      SSH_PRIVATE_KEY: rig.at('no-key'),
      BASE_CHECKSUM: 'crc32:12',
      PAYLOAD: './site.yml',
    });
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^error: \d problems\n/);
    for (const what of ['no AWS credentials', rig.at('no-key'), 'crc32:12']) expect(stderr).toContain(what);
    expect(stderr.match(/hint: /g)?.length).toBeGreaterThanOrEqual(3);
    expect(packer.calls).toEqual([]);
    expect(await readdir(rig.imagePath)).toEqual([]);
  });
});

describe('a build with a template of the user that', () => {
  let rig: BuildRig;
  let original: string;
  const template = (): string => join(rig.programFolder, 'packer-config.json');

  beforeAll(async () => {
    rig = await BuildRig.open();
    original = await readFile(template(), 'utf8');
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  it.each([
    ['is cut off', (text: string) => text.slice(0, 300), /packer-config\.json:\d+:\d+: \S/],
    ['has no builders', () => '{\n  "builders": []\n}\n', /packer-config\.json:2:15: builders: /],
    [
      'lacks the builder that is asked for',
      (text: string) => text.replace('"type": "qemu",', '"type": "null",'),
      /packer-config\.json has no builder of type qemu/,
    ],
  ])('%s fails before anything starts', async (_what, change, message) => {
    const packer = await fakePacker(rig, buildQuickly);
    await writeFile(template(), change(original));
    const { exitCode, stderr } = await rig.run([]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(packer.calls).toEqual([]);
    expect(await readdir(rig.imagePath)).toEqual([]);
  });

  it('names its builder runs that builder: Packer would build nothing for another name, and be content', async () => {
    const packer = await fakePacker(rig, (build) => buildQuickly(build));
    await writeFile(template(), original.replace('"type": "qemu",', '"type": "qemu", "name": "my-vm",'));
    expect((await rig.run([])).exitCode).toBe(0);
    expect(packer.calls[0]?.args).toContain('-only=my-vm');
  });
});
