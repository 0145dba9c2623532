import { chmod, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/system/process.ts';
import { BuildRig, type Ended } from './build-rig.ts';

/** `doctor`: every line ok, problem or hint; exit code 1 exactly when a build could not start. */
describe('the doctor', () => {
  let rig: BuildRig;

  beforeAll(async () => {
    rig = await BuildRig.open();
    await rig.tool('packer', 'Packer v1.6.6');
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', 'locked', '-f', rig.at('locked')]);
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', rig.at('other')]);
    await rig.write('text.img', 'not a disk');
    await rig.write('a-file', '');
    await mkdir(rig.at('playbooks.d'));
  });
  afterAll(async () => {
    await rig[Symbol.asyncDispose]();
  });

  const lines = ({ stdout }: Ended, level: string): string[] =>
    stdout.split('\n').filter((line) => line.startsWith(`${level} `));

  it('finds nothing wrong where nothing is, and shows the versions and the reasons', async () => {
    const seen = await rig.run(['doctor']);
    expect(seen.exitCode, seen.stdout).toBe(0);
    expect(lines(seen, 'problem')).toEqual([]);
    const subjects = lines(seen, 'ok').map((line) => line.slice(9, 22).trim());
    const each = ['accelerator', 'tools', 'build type', 'template', 'image path', 'ssh keys', 'base image'];
    expect(new Set(subjects)).toEqual(new Set([...each, 'payload', 'formats', 'disk room']));
    expect(seen.stdout).toMatch(/^ok +tools +packer 1\.6\.6$/m);
    expect(seen.stdout).toMatch(/^ok +accelerator +tcg: asked for$/m);
    expect(seen.stdout).toMatch(/^ok +disk room +[\d.]+ GiB free, about [\d.]+ GiB needed$/m);
    expect(seen.stderr).toBe('');
  });

  it('leaves things as they are: no key is made, nothing is written', async () => {
    const seen = await rig.run(['doctor'], { SSH_PRIVATE_KEY: '', IMAGE_PATH: rig.at('new/images') });
    expect(seen.exitCode).toBe(0);
    expect(seen.stdout).toMatch(/ok +ssh keys +.*new\/secrets\/netsil-builder_ed25519 \(will be made\)/);
    await expect(readFile(rig.at('new/secrets/netsil-builder_ed25519'))).rejects.toThrow('ENOENT');
  });

  it.each<[string, () => Record<string, string>, RegExp]>([
    ['a missing key', () => ({ SSH_PRIVATE_KEY: rig.at('none') }), /ssh keys .*none/],
    [
      'a key that does not belong to the other',
      () => ({ SSH_PUBLIC_KEY: rig.at('other.pub') }),
      /ssh keys .*other\.pub .*does not belong to the private key .*key/,
    ],
    [
      'a key with a passphrase',
      () => ({ SSH_PRIVATE_KEY: rig.at('locked') }),
      /ssh keys .*locked.*passphrase/,
    ],
    ['a base image that is not there', () => ({ BASE_IMAGE: rig.at('none.img') }), /base image .*none\.img/],
    ['a checksum of no known form', () => ({ BASE_CHECKSUM: 'sha256:12' }), /base image .*sha256:12/],
    [
      'a folder for a base image',
      () => ({ BASE_IMAGE: rig.at('playbooks.d') }),
      /base image .*is not a file/,
    ],
    [
      'a file for an image path',
      () => ({ IMAGE_PATH: rig.at('a-file') }),
      /image path .*a-file cannot be written/,
    ],
    [
      'an image path below a file',
      () => ({ IMAGE_PATH: rig.at('a-file/images') }),
      /image path .*images cannot be written/,
    ],
    ['a playbook that is not there', () => ({ PAYLOAD: rig.at('none.yml') }), /payload .*none\.yml/],
    ['a folder for a playbook', () => ({ PAYLOAD: `${rig.at('playbooks.d')}/` }), /payload .*is not a file/],
    ['DC/OS without its installer', () => ({ PAYLOAD: 'dcos' }), /payload .*no DC\/OS installer/],
    [
      'DC/OS on a base that cannot carry it',
      () => ({ PAYLOAD: 'dcos', BASE_FAMILY: 'flatcar', DCOS_INSTALLER: rig.at('a-file') }),
      /payload .*cgroup v1/,
    ],
    [
      'a signing key that is not there',
      () => ({ SIGNING_KEY: `minisign:${rig.at('none')}` }),
      /signature .*none, which does not exist/,
    ],
    [
      'another key than one that signs',
      () => ({ SIGNING_KEY: `minisign:${rig.at('key')}` }),
      /signature .*key, which is not a secret key of minisign/,
    ],
    ['an AMI without credentials', () => ({ BUILD_TYPE: 'amazon-ebs' }), /build type .*no AWS credentials/],
  ])('finds %s, says what to do, and ends with 1', async (_what, env, expected) => {
    const seen = await rig.run(['doctor'], env());
    expect(lines(seen, 'problem')).toEqual([expect.stringMatching(expected)]);
    expect(
      seen.stdout.split('\n')[seen.stdout.split('\n').findIndex((line) => expected.test(line)) + 1],
    ).toMatch(/^ {23}\S/);
    expect(seen.stderr).toContain('error: a build could not start: 1 of these is a problem');
    expect(seen.exitCode).toBe(1);
  });

  it('finds tools that are too old, broken or untested, and tells them apart', async () => {
    await rig.tool('packer', 'Packer v1.4.0');
    await rig.tool('ansible-playbook', 'ModuleNotFoundError in python3.11', 1);
    await rig.tool('xorriso', 'xorriso version   :  1.5.9');
    const seen = await rig.run(['doctor']);
    await rig.tool('packer', 'Packer v1.6.6');
    await rig.tool('ansible-playbook', 'ansible-playbook [core 2.14.18]');
    await rm(join(rig.fakes.folder, 'xorriso'));
    expect(lines(seen, 'problem')).toEqual([
      expect.stringContaining('packer 1.4.0 is too old: 1.6.0 or newer is needed'),
      expect.stringContaining(
        'ansible-playbook is installed, but does not work: ModuleNotFoundError in python3.11',
      ),
    ]);
    expect(lines(seen, 'hint')).toEqual([expect.stringContaining('xorriso 1.5.9')]);
    expect(seen.exitCode).toBe(1);
  });

  it('signs on trial with the key that is asked for, and needs no such tool otherwise', async () => {
    await run(['minisign', '-G', '-W', '-s', rig.at('sign.key'), '-p', rig.at('sign.pub')]);
    const env = { SIGNING_KEY: `minisign:${rig.at('sign.key')}` };
    const seen = await rig.run(['doctor'], env);
    expect(seen.stdout).toMatch(/^ok +tools +minisign 0\.11$/m);
    expect(seen.stdout).toMatch(/^ok +signature +minisign RW[\w+/=]{54} \(signs\)$/m);
    await rig.tool('minisign', 'minisign: broken', 127);
    const without = [await rig.run(['doctor'], env), await rig.run(['doctor'])];
    await rm(join(rig.fakes.folder, 'minisign'));
    expect(without.map((each) => lines(each, 'problem'))).toEqual([
      [expect.stringContaining('minisign is installed, but does not work: minisign: broken')],
      [],
    ]);
  });

  it('names every missing tool with its package', async () => {
    const bin = rig.at('bare');
    await mkdir(bin);
    // What start.sh and Node themselves need.
    for (const tool of ['node', 'readlink', 'dirname', 'ssh', 'ssh-keygen', 'flock', 'sh']) {
      const { stdout } = await run(['sh', '-c', `command -v ${tool}`]);
      await symlink(stdout.trim(), join(bin, basename(tool)));
    }
    // start.sh adds the folders of the system to PATH; these have no Packer, QEMU or Ansible of Debian's.
    const seen = await rig.run(['doctor'], { PATH: bin, SIGNING_KEY: 'gpg:me@example.org' });
    const problems = lines(seen, 'problem').map((line) => line.slice(23));
    const names = ['packer', 'qemu-system-x86_64', 'qemu-img', 'ansible-playbook', 'xorriso', 'gpg'];
    expect(problems).toEqual(expect.arrayContaining(names.map((name) => `${name} is not installed`)));
    for (const name of ['packer', 'qemu-system-x86', 'qemu-utils', 'ansible-core', 'xorriso']) {
      expect(seen.stdout).toContain(`apt-get install ${name}`);
    }
    // What start.sh does not install.
    expect(seen.stdout).toContain(`${' '.repeat(23)}install it: apt-get install gnupg\n`);
    expect(seen.exitCode).toBe(1);
  });

  it('works for a user without a home that may be written to', async () => {
    await mkdir(rig.at('public'));
    for (const folder of [rig.folder, rig.at('public'), rig.fakes.folder]) await chmod(folder, 0o777);
    for (const name of ['key', 'base.qcow2']) {
      await run(['install', '-m', '600', '-o', 'nobody', rig.at(name), rig.at(`public/${name}`)]);
    }
    await rm(join(rig.fakes.folder, 'ansible-playbook'));
    const user = ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'];
    const images = rig.at('public/images');
    const env = {
      ...rig.env,
      HOME: '/',
      IMAGE_PATH: images,
      SSH_PRIVATE_KEY: rig.at('public/key'),
      BASE_IMAGE: rig.at('public/base.qcow2'),
    };
    const seen = await run([...user, join(rig.programFolder, 'start.sh'), 'doctor'], {
      env,
      acceptExitCodes: [1],
    });
    expect(seen.tail.filter((line) => line.startsWith('problem'))).toEqual([]);
    expect(seen.stdout).toMatch(/ok +tools +ansible-playbook 2\.14/);
    expect(seen.exitCode).toBe(0);
  });
});
