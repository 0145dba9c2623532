import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SBOM_FILE, writeSbom } from '../../src/sbom/write-sbom.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { makeFileSystem, writeTree } from './guest-rig.ts';

const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

const IMAGE = {
  name: 'host',
  version: '20261125-232214',
  file: 'host.qcow2',
  sha256: '0'.repeat(64),
  builtAt: '2026-11-25T23:22:14.579Z',
};

/** Makes a qcow2 out of files, and asks for its list of packages. */
async function sbomOf(
  files: Readonly<Record<string, string>>,
  spoil: (disk: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ readonly why: string | undefined; readonly folder: string }> {
  const raw = await makeFileSystem(scope, await writeTree(scope, files), { args: ['-t', 'ext4'] });
  await spoil(raw);
  const folder = await temporaryFolder(scope);
  const path = `${raw}.qcow2`;
  await run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, path]);
  const disk = { path, driver: 'qcow2' };
  const { signal } = new AbortController();
  return { folder, why: await writeSbom({ disk, image: IMAGE, target: join(folder, SBOM_FILE), signal }) };
}

describe('the list of an image’s packages', () => {
  it('is written with what dpkg says and the system calls itself', async () => {
    const { why, folder } = await sbomOf({
      '/etc/os-release': 'ID=ubuntu\nVERSION_ID="24.04"\nPRETTY_NAME="Ubuntu 24.04"\n',
      '/var/lib/dpkg/status':
        'Package: bash\nStatus: install ok installed\nVersion: 5\nArchitecture: amd64\n',
    });
    expect(why).toBeUndefined();
    const document = JSON.parse(await readFile(join(folder, SBOM_FILE), 'utf8')) as {
      readonly packages: readonly { readonly name: string; readonly externalRefs?: unknown }[];
    };
    expect(document.packages.map(({ name }) => name)).toEqual(['host', 'bash']);
    expect(document.packages[1]?.externalRefs).toEqual([
      expect.objectContaining({
        referenceLocator: 'pkg:deb/ubuntu/bash@5?arch=amd64&distro=ubuntu-24.04',
      }),
    ]);
  });

  it('is not written, and says why, where there is none', async () => {
    const { why, folder } = await sbomOf({ '/etc/hostname': 'x' });
    expect(why).toMatch(/no list of packages/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('is not written, and says why, where the disk cannot be looked into', async () => {
    const { why, folder } = await sbomOf({ '/etc/hostname': 'x' }, async (disk) => {
      await run(['dd', 'if=/dev/zero', `of=${disk}`, 'conv=notrunc', 'bs=1M', 'count=1']);
    });
    expect(why).toMatch(/no ext file system is on it/);
    expect(await readdir(folder)).toEqual([]);
  });
});
