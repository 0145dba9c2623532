import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_TOOLS, BUILD_TOOLS, IMAGE_TOOLS } from '../../src/preflight/tools.ts';
import { UEFI_PLACES } from '../../src/qemu/uefi-firmware.ts';
import { flagOf, VARIABLES } from '../../src/settings/variables.ts';
import { run } from '../../src/system/process.ts';
import { VERSION } from '../../src/version.ts';
import { BuildRig } from './build-rig.ts';
import { fakePacker } from './fake-packer.ts';

const PROJECT_FOLDER = join(import.meta.dirname, '../..');

describe('the command line', () => {
  let rig: BuildRig;
  let help: string;

  beforeAll(async () => {
    rig = await BuildRig.open();
    help = (await rig.run(['--help'])).stdout.replaceAll(/\s+/g, ' ');
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  it.each(VARIABLES.map(({ name }) => [name]))('has a flag for %s, and --help shows both', (name) => {
    expect(help).toMatch(new RegExp(`${flagOf(name)} <[^>]+> [^(]+ \\(${name}[;)]`));
  });

  it('shows every command in its help, and the same flags in that of build', async () => {
    for (const name of ['build', 'doctor', 'base', 'convert', 'user-data'])
      expect(help).toContain(` ${name} [`);
    const build = await rig.run(['build', '--help']);
    for (const { name } of VARIABLES) expect(build.stdout).toContain(`${flagOf(name)} <`);
    expect(build.exitCode).toBe(0);
  });

  it.each([
    ['an unknown command', ['bild'], /error: "bild" is not a command.*\n.*the commands are build, plan/],
    [
      'an unknown flag',
      ['--imge-path', 'x'],
      /error: unknown option '--imge-path' \(Did you mean --image-path\?\)/,
    ],
    ['an unknown flag of a command', ['doctor', '--force'], /error: unknown option '--force'/],
    ['a flag without its value', ['--image-name'], /error: option '--image-name <NAME>' argument missing/],
    [
      'an unknown way of progress',
      ['--progress', 'loud'],
      /'loud' is invalid. Allowed choices are auto, tty/,
    ],
    ['an unknown build type', ['--build-type', 'vmware'], /BUILD_TYPE is "vmware".*qemu, amazon-ebs/],
    ['an unknown payload', ['--payload', 'kubernetes'], /PAYLOAD is "kubernetes"/],
    ['a size that is none', ['--disk-size', 'big'], /DISK_SIZE is "big"/],
    ['a path that Packer would take for a template', ['--image-path', 'a{{b'], /IMAGE_PATH is "a\{\{b"/],
    ['a digest without its file', ['--python-archive-sha256', 'a'.repeat(64)], /but PYTHON_ARCHIVE is not/],
    ['a file without its digest', ['--python-archive', 'p.tar'], /but PYTHON_ARCHIVE_SHA256 is not/],
    [
      'two of them',
      ['--cpus', '0', '--memory', '1M'],
      /error: 2 problems\n +1\. MEMORY is "1M"[^]*2\. CPUS is "0"/,
    ],
  ])('refuses %s', async (_what, args, message) => {
    const packer = await fakePacker(rig, () => Promise.reject(new Error('must not be started')));
    const { exitCode, stdout, stderr } = await rig.run(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^ +hint: \S/m);
    expect(stderr).not.toContain('    at ');
    expect({ exitCode, stdout, calls: packer.calls }).toEqual({ exitCode: 1, stdout: '', calls: [] });
  });

  it('tells its version', async () => {
    expect((await rig.run(['--version'])).stdout).toBe(`netsil-builder ${VERSION}\n`);
  });

  it('is not upset by a reader that goes away', async () => {
    const start = join(rig.programFolder, 'start.sh');
    const script = `("$0" --help; echo "ends with $?" >&2) 2>"$1" | :`;
    await run(['sh', '-c', script, start, rig.at('stderr')], { env: rig.env });
    expect(await readFile(rig.at('stderr'), 'utf8')).toBe('ends with 0\n');
  });
});

describe('what lies in several places', () => {
  const read = (name: string): Promise<string> => readFile(join(PROJECT_FOLDER, name), 'utf8');

  it('is one version', async () => {
    expect(JSON.parse(await read('package.json'))).toMatchObject({ version: VERSION });
  });

  it('is one list of packages', async () => {
    const listed = new Map(
      (await read('packages.txt'))
        .trimEnd()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    for (const { command, package: name } of [...BUILD_TOOLS, ...IMAGE_TOOLS, ...BASE_TOOLS]) {
      expect(listed.get(command), command).toBe(name);
    }
    // The place where every version of the package has it.
    expect(listed.get(UEFI_PLACES[0].code)).toBe('ovmf');
  });
});
