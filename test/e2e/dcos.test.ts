import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideDebianDisk } from '../../src/base/embedded-base.ts';
import { type ProofRecord, readProofRecord } from '../../src/output/proof-record.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { PROJECT_FOLDER, startSh } from './rig/program.ts';
import { SHARED_BASE_CACHE } from './rig/shared-base.ts';

const FIXTURES = join(PROJECT_FOLDER, 'test/fixtures');

/** A base like CoreOS, without Python, made with the maker of the embedded base. */
async function coreosLikeBase(imagePath: string): Promise<string> {
  const read = (name: string): Promise<string> => readFile(join(FIXTURES, 'coreos-like', name), 'utf8');
  const packages = (await read('packages'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const recipe = {
    name: 'coreos-like',
    suite: 'bookworm',
    packages,
    files: [],
    script: await read('setup.sh'),
    kernelArguments: (await read('kernel-arguments')).trim(),
    diskSizeBytes: 8 * 1024 ** 3,
  };
  await mkdir(SHARED_BASE_CACHE, { recursive: true });
  const { path } = await provideDebianDisk(recipe, SHARED_BASE_CACHE, { emit: () => undefined });
  const base = join(imagePath, 'coreos_production_qemu_image.img');
  await run(['cp', '--sparse=always', path, base]);
  return base;
}

/** Prints the SHA-256 of what a fixture's script makes. */
async function make(script: string, out: string): Promise<string> {
  const { stdout } = await run([join(FIXTURES, script), out]);
  const sha256 = /[0-9a-f]{64}/.exec(stdout)?.[0];
  if (sha256 === undefined) throw new Error(`${script} printed no SHA-256: ${stdout}`);
  return sha256;
}

/**
 * The original's purpose: DC/OS, master and agent on one node, on a base without Python. The installer is a stand-in
 * that keeps the documented contract (test/fixtures/dcos/README.md), the Python is Debian's own in an archive.
 */
describe('a DC/OS image', () => {
  const scope = new Scope();
  let imagePath: string;
  let baseBytes: string;
  let base: string;
  let log: string;
  let proof: ProofRecord | undefined;

  beforeAll(async () => {
    const folder = await temporaryFolder(scope);
    imagePath = join(folder, 'images');
    await mkdir(imagePath);
    base = await coreosLikeBase(imagePath);
    await chmod(base, 0o444);
    baseBytes = (await run(['sha256sum', base])).stdout;
    const pythonSha256 = await make('python/make-archive.sh', join(folder, 'python.tar.gz'));
    const installer = join(imagePath, 'dcos_generate_config.sh');
    const installerSha256 = await make('dcos/make-installer.sh', installer);
    const { exitCode, tail } = await startSh([], {
      IMAGE_PATH: imagePath,
      IMAGE_NAME: 'dcos',
      DCOS_INSTALLER_SHA256: installerSha256,
      DCOS_INSTALLER: installer,
      PYTHON_ARCHIVE: join(folder, 'python.tar.gz'),
      PYTHON_ARCHIVE_SHA256: pythonSha256,
      FORMATS: 'qcow2',
      PROVE: 'boot',
      // What a user of such images would look for in their clones.
      PROVE_CHECKS: join(FIXTURES, 'dcos/checks'),
    });
    expect(exitCode, tail.join('\n')).toBe(0);
    log = await readFile(join(imagePath, 'latest/build.log'), 'utf8');
    proof = await readProofRecord(join(imagePath, 'latest/proof'));
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  it('was planned so: the base found by its published name, the payload by its installer', () => {
    expect(log).toMatch(/plan: base image +coreos_production_qemu_image\.img/);
    expect(log).toMatch(/plan: payload +dcos .*the base has cgroup v1/);
  });

  it('left the base image as it was', async () => {
    expect((await run(['sha256sum', base])).stdout).toBe(baseBytes);
  });

  it('was proven, by two machines that differ', () => {
    expect(proof?.boots.map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
  });

  it.each([
    ['has both roles, and the units of both', 'dc/os roles and units'],
    ['has them to start at every boot', '10-roles'],
    ['gives a clone its own address, and the start of DC/OS agrees with it', '20-address'],
    ['holds nothing of the installer', '30-installer'],
    ['has Python where Ansible looks for it', '40-python'],
  ])('%s', (_what, check) => {
    const found = proof?.boots.map(({ checks }) => checks.find((each) => each.check === check));
    expect(found).toMatchObject([{ outcome: 'ok' }, { outcome: 'ok' }]);
  });
});
