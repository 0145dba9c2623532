import { chmod, mkdir, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, type RunResult } from '../../src/system/process.ts';
import { BuildRig, installProgram, linkLibraries } from './build-rig.ts';

/** start.sh by itself. What it installs is not: the tests may run without a network. */
describe('start.sh', () => {
  let rig: BuildRig;
  let start: string;

  beforeAll(async () => {
    rig = await BuildRig.open();
    start = join(rig.programFolder, 'start.sh');
    for (const folder of [rig.folder, rig.programFolder]) await chmod(folder, 0o755);
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const asNobody = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];
  const call = (argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> =>
    run(argv, { env: { PATH: rig.env['PATH'], ...env }, acceptExitCodes: [1, 127] });

  /** User and system time of a command. */
  async function processorTimeMs(argv: readonly string[]): Promise<number> {
    const { tail } = await call(['sh', '-c', '"$@" >/dev/null; times', 'sh', ...argv]);
    // times(1): the shell's own user and system time, then that of its children, as 0m0.123s.
    const [user, system] = [...(tail.at(-1) ?? '').matchAll(/(\d+)m([\d.]+)s/g)].map(
      ([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1000,
    );
    return (user ?? Number.NaN) + (system ?? Number.NaN);
  }

  it('adds less than half a second to a start, and help comes within 0.3 s of processor time', async () => {
    const cli = [process.execPath, join(rig.programFolder, 'dist/cli.js'), '--help'];
    const times = { direct: [] as number[], started: [] as number[], processor: [] as number[] };
    for (let round = 0; round < 5; round += 1) {
      times.direct.push((await call(cli)).durationMs);
      times.started.push((await call([start, '--help'])).durationMs);
      times.processor.push(await processorTimeMs(cli));
    }
    // The least of several: what a busy machine adds is not the program's.
    expect(Math.min(...times.started) - Math.min(...times.direct)).toBeLessThan(500);
    // On a busy machine a process waits, but computes no longer.
    expect(Math.min(...times.processor)).toBeLessThan(300);
    expect(Math.min(...times.direct)).toBeLessThan(900);
  });

  it('builds the program when its source is newer, and only then', async () => {
    const folder = await installProgram(rig.at('edited'));
    const bundle = join(folder, 'dist/cli.js');
    await linkLibraries(folder);
    await utimes(bundle, 1, 1);
    const first = await call([join(folder, 'start.sh'), '--version']);
    const second = await call([join(folder, 'start.sh'), '--version']);
    expect(first.tail.join('\n')).toMatch(/start\.sh: building the program\n(.*\n)*netsil-builder \d/);
    expect(second.tail).toEqual([expect.stringMatching(/^netsil-builder \d/)]);
  });

  it('runs from a checkout of somebody else, to which nothing may be written', async () => {
    await rm(join(rig.programFolder, '.set-up.lock'), { force: true });
    const before = await readdir(rig.programFolder);
    const { exitCode, tail } = await call([...asNobody, start, '--version'], { HOME: '/nonexistent' });
    expect(tail).toEqual([expect.stringMatching(/^netsil-builder \d/)]);
    expect(exitCode).toBe(0);
    expect(await readdir(rig.programFolder)).toEqual(before);
  });

  it('runs from a path with blanks, quotes and commas, by a link, and from anywhere', async () => {
    const folder = rig.at(`my "own", 'ünïcode' copy`);
    await run(['cp', '-a', rig.programFolder, folder]);
    await symlink(join(folder, 'start.sh'), rig.at('netsil-builder'));
    const { tail } = await run([rig.at('netsil-builder'), '--version'], { env: rig.env, cwd: '/' });
    expect(tail).toEqual([expect.stringMatching(/^netsil-builder \d/)]);
  });

  it('tells who may not install the exact command that does, each package once', async () => {
    const bare = rig.at('bare');
    await mkdir(bare);
    const needed = ['sh', 'node', 'readlink', 'dirname', 'id', 'sort', 'paste', 'find', 'flock'];
    for (const tool of needed)
      await symlink((await run(['which', tool])).stdout.trim(), join(bare, basename(tool)));
    // Without the system's folders, which start.sh adds: these have the file system tools of the embedded base.
    const text = (await readFile(start, 'utf8')).replace('PATH=$PATH:/usr/sbin:/sbin', ':');
    await writeFile(join(rig.programFolder, 'start-bare.sh'), text, { mode: 0o755 });
    const script = `PATH=$1; export PATH; exec "$2" doctor`;
    const argv = [...asNobody, '/bin/sh', '-c', script, 'sh', bare, join(rig.programFolder, 'start-bare.sh')];
    const { exitCode, tail } = await call(argv);
    expect(exitCode).toBe(1);
    const command = tail.at(-1) ?? '';
    expect(command).toMatch(/^ {2}sudo apt-get install --yes --no-install-recommends \S.*\S$/);
    const packages = command.trim().split(' ').slice(5);
    expect(packages).toEqual([...new Set(packages)]);
    expect(packages).toEqual(
      expect.arrayContaining(['packer', 'qemu-utils', 'ansible-core', 'openssh-client']),
    );
    expect(tail.join('\n')).toContain('missing packages; type this, then start again:');
  });

  it('says what to do when the packages cannot be fetched, and does not go on', async () => {
    const folder = await installProgram(rig.at('offline'));
    await writeFile(join(folder, 'packages.txt'), 'no-such-tool no-such-package\n');
    await rig.tool('apt-get', 'E: Temporary failure resolving', 100);
    const { exitCode, tail } = await call([join(folder, 'start.sh'), '--version']);
    expect(tail).toEqual([
      'start.sh: installing: no-such-package',
      'E: Temporary failure resolving',
      'start.sh: apt-get failed; the network may be down. Without it, install by hand: no-such-package',
    ]);
    expect(exitCode).toBe(1);
  });

  it('installs and builds nothing where everything was prepared, whatever is missing', async () => {
    const folder = await installProgram(rig.at('prepared'));
    await utimes(join(folder, 'dist/cli.js'), 1, 1);
    await writeFile(join(folder, 'packages.txt'), 'no-such-tool no-such-package\n');
    const { tail } = await call([join(folder, 'start.sh'), '--version'], { NETSIL_BUILDER_PREPARED: '1' });
    expect(tail).toEqual([expect.stringMatching(/^netsil-builder \d/)]);
  });
});
