import { mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import type { FakeCall } from '../fakes/executable/fake-call.ts';
import { BuildRig } from './build-rig.ts';
import { fakePacker, makeDisk } from './fake-packer.ts';

/** Characters that mean something to Packer's templates and addresses, QEMU's options, Ansible, JSON, or a shell. */
const AWKWARD = `a 'b' "c", d=e ?f#g %41 $h \\ ünïcode`;

/** The real Packer 1.6.6, up to the start of a QEMU that is a fake and only looks at what it was given. */
describe('the real Packer', () => {
  let rig: BuildRig;

  beforeAll(async () => {
    rig = await BuildRig.open();
    rig.env['IMAGE_PATH'] = rig.at(AWKWARD);
    await mkdir(rig.imagePath);
    for (const name of ['key', 'base.qcow2']) await run(['cp', '-p', rig.at(name), rig.imagePath]);
    rig.env['SSH_PRIVATE_KEY'] = join(rig.imagePath, 'key');
    rig.env['BASE_IMAGE'] = join(rig.imagePath, 'base.qcow2');
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  /** What QEMU was started with, and which of the files that it was given were there. */
  async function startedMachine(
    env: NodeJS.ProcessEnv,
    flags: readonly string[] = [],
  ): Promise<{ args: readonly string[]; files: string[] }> {
    let seen: { args: readonly string[]; files: string[] } | undefined;
    await rig.fakes.command('qemu-system-x86_64', async (call) => {
      if (await tellsVersion(call)) return;
      seen = { args: call.args, files: await filesOf(call) };
      await call.exit(1);
    });
    const { exitCode, stderr } = await rig.run(['--progress', 'plain', ...flags], env);
    expect(exitCode).toBe(1);
    if (seen === undefined) throw new Error(`QEMU was not started: ${stderr}`);
    return seen;
  }

  /** The value of a QEMU argument. */
  const value = (args: readonly string[], name: string): string => args[args.indexOf(name) + 1] ?? '';

  async function filesOf({ args }: FakeCall): Promise<string[]> {
    const drive = /^file=([^,]+)/.exec(value(args, '-drive'))?.[1] ?? '';
    const blob = /,file=([^,]+)$/.exec(value(args, '-fw_cfg'))?.[1];
    const { stdout } = await run(['qemu-img', 'info', '--backing-chain', '--output=json', drive]);
    const chain = (JSON.parse(stdout) as { filename: string }[]).map(({ filename }) => filename);
    const cdrom = value(args, '-cdrom');
    const files = [
      ...chain,
      ...(blob === undefined ? [] : [blob]),
      ...(cdrom.startsWith('/') ? [cdrom] : []),
    ];
    for (const file of files) expect((await stat(file)).size, file).toBeGreaterThan(0);
    return files;
  }

  it('starts QEMU with a drive, from an IMAGE_PATH of every awkward character', async () => {
    const { args, files } = await startedMachine({ BASE_FAMILY: 'debian' });
    // The build's disk, the base behind it, the drive.
    expect(files).toHaveLength(3);
    expect(value(args, '-drive')).toMatch(
      /^file=[\w/.-]+\/layers\/[\w-]+\/disk\.qcow2,if=virtio,id=drive0,cache=unsafe,/,
    );
    expect(value(args, '-serial')).toMatch(/^file:[\w/.-]+\/serial\.log$/);
    expect(value(args, '-qmp')).toMatch(/^unix:[\w/.-]+\/qmp\.sock,server=on,wait=off$/);
    expect(args).toEqual(expect.arrayContaining(['-accel', 'tcg,thread=multi,tb-size=1024', '-smp', '-m']));
    expect(args.filter((arg) => arg === '-machine')).toHaveLength(1);
  });

  it('starts QEMU with its own disk when there are no layers', async () => {
    const { args, files } = await startedMachine({ BASE_FAMILY: 'debian' }, ['--no-layers']);
    expect(files).toHaveLength(3);
    expect(value(args, '-drive')).toMatch(
      /^file=[^ ]+\/images\/packer\/small\.qcow2,if=virtio,cache=unsafe,/,
    );
    expect(args).not.toContain('vmgenid,guid=auto');
  });

  it('starts QEMU with an Ignition config for Flatcar', async () => {
    const { args, files } = await startedMachine({ BASE_FAMILY: 'flatcar' });
    expect(files).toHaveLength(3);
    expect(value(args, '-fw_cfg')).toMatch(/^name=opt\/org\.flatcar-linux\/config,file=/);
    expect(JSON.parse(await readFile(files[2] ?? '', 'utf8').catch(() => '{"gone": true}'))).toEqual({
      gone: true,
    });
    expect(value(args, '-cdrom')).toBe('null-co://');
  });

  it.each([
    'coreos',
    'flatcar',
    'fedora-coreos',
    'debian',
    'ubuntu',
  ])('accepts the template that is compiled for %s', async (family) => {
    let exitCode: number | null = null;
    await fakePacker(rig, async ({ call, templatePath }) => {
      const variableFile = call.args.find((arg) => arg.startsWith('-var-file=')) ?? '';
      const argv = ['/usr/bin/packer', 'validate', variableFile, templatePath];
      ({ exitCode } = await run(argv, { cwd: call.cwd, env: call.env, acceptExitCodes: [1] }));
      await call.exit(1);
    });
    await rig.run([], { BASE_FAMILY: family });
    expect(exitCode).toBe(0);
  });

  it('accepts the plain template by itself, given the environment', async () => {
    const env = {
      ...rig.env,
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      BASE_CHECKSUM: 'none',
      CONFIG_DRIVE: rig.at('key'),
      CHECKPOINT_DISABLE: '1',
    };
    const argv = ['packer', 'validate', '-only=qemu', 'packer-config.json'];
    expect((await run(argv, { cwd: rig.programFolder, env })).exitCode).toBe(0);
  });

  it('runs a post-processor that converts the disk to all formats, through Ansible, and tells of each', async () => {
    const PATH = (rig.env['PATH'] ?? '').replace(rig.fakes.folder, rig.at('only-packer'));
    await mkdir(rig.at('only-packer'));
    await symlink(join(rig.fakes.folder, 'packer'), rig.at('only-packer/packer'));
    await fakePacker(rig, async (packer) => {
      await makeDisk(packer);
      await packer.say('==> qemu: Running post-processor:  (type shell-local)');
      const { inline, environment } = await postProcessor(packer.templatePath, packer.variables);
      const cwd = packer.call.cwd;
      await run(['sh', '-e', '-c', inline], { cwd, env: { ...packer.call.env, ...environment } });
      await packer.call.exit(0);
    });
    const { exitCode, stderr } = await rig.run([], { PATH });
    expect(exitCode, stderr).toBe(0);
    const output = join(rig.imagePath, 'latest');
    const images = (await readdir(output)).filter((name) => name.startsWith('small.'));
    expect(images.sort()).toEqual(['small.qcow2', 'small.vdi', 'small.vhd', 'small.vmdk']);
    const { stdout } = await run(['qemu-img', 'info', '--output=json', join(output, 'small.qcow2')]);
    expect(JSON.parse(stdout)).not.toHaveProperty('backing-filename');
  });

  it('says so when QEMU does not start', async () => {
    await rig.fakes.command('qemu-system-x86_64', async (call) => {
      if (await tellsVersion(call)) return;
      await call.stderr('qemu-system-x86_64: no such machine\n');
      await call.exit(1);
    });
    await run(['rm', join(rig.fakes.folder, 'packer')]);
    const { exitCode, stderr } = await rig.run(['--force']);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('error: QEMU could not start the machine');
    expect(stderr).toContain('| qemu-system-x86_64: no such machine');
    expect(stderr).toMatch(/hint: \S/);
  });
});

/** Answers a question for QEMU's version, which the program and Packer ask with one or two dashes. */
async function tellsVersion(call: FakeCall): Promise<boolean> {
  if (!/^--?version$/.test(call.args[0] ?? '')) return false;
  await call.stdout('QEMU emulator version 7.2.22\n');
  await call.exit(0);
  return true;
}

/** The post-processor's one line and its variables, with Packer's own variables put in, as Packer does. */
async function postProcessor(
  templatePath: string,
  variables: Readonly<Record<string, string>>,
): Promise<{ inline: string; environment: Record<string, string> }> {
  const text = await readFile(templatePath, 'utf8');
  const { 'post-processors': found } = JSON.parse(text) as {
    'post-processors': readonly { inline: string[]; environment_vars: string[] }[];
  };
  const fill = (line: string): string =>
    line.replaceAll(/\{\{user `(\w+)`\}\}/g, (_match, name: string) => variables[name] ?? '');
  const [first] = found;
  const pairs = (first?.environment_vars ?? []).map((pair) => fill(pair).split(/=(.*)/s).slice(0, 2));
  return {
    inline: (first?.inline ?? []).map(fill).join('\n'),
    environment: Object.fromEntries(pairs) as Record<string, string>,
  };
}
