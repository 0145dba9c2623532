import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openGuest } from '../../src/guest/open-guest.ts';
import { readOsRelease } from '../../src/guest/os-release.ts';
import { readPackages } from '../../src/guest/packages.ts';
import { readUnits } from '../../src/guest/units.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { allFiles, fileSource, guestOf, makeFileSystem, openRaw, writeTree } from './guest-rig.ts';

const MIB = 1024 ** 2;
const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

const { signal } = new AbortController();

const STATUS = `Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2+b7

Package: removed
Status: deinstall ok config-files
Architecture: amd64
Version: 1
`;

async function debianTree(): Promise<string> {
  return writeTree(scope, {
    '/etc/os-release': '-> ../usr/lib/os-release',
    '/usr/lib/os-release': 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
    '/var/lib/dpkg/status': STATUS,
    '/lib': '-> usr/lib',
    '/usr/lib/systemd/system/ssh.service': '[Unit]',
    '/usr/lib/systemd/system/getty@.service': '[Unit]',
    '/usr/lib/systemd/system/quiet.timer': '[Unit]',
    '/usr/lib/systemd/system/rc.service': '-> /dev/null',
    '/usr/lib/systemd/system/README': 'no unit',
    '/etc/systemd/system/empty.service': '',
    '/etc/systemd/system/own.service': '[Unit]',
    '/etc/systemd/system/sshd.service': '-> /lib/systemd/system/ssh.service',
    '/etc/systemd/system/multi-user.target.wants/ssh.service': '-> /lib/systemd/system/ssh.service',
    '/etc/systemd/system/getty.target.wants/getty@tty1.service': '-> /lib/systemd/system/getty@.service',
  });
}

/** The blocks of a folder in which so many names lead to one file. */
function folderBlocks(inode: number, count: number): Buffer {
  const [blockBytes, entryBytes, nameBytes] = [4096, 16, 8];
  const bytes = Buffer.alloc(Math.ceil((count * entryBytes) / blockBytes) * blockBytes);
  for (let at = 0; at < bytes.length; at += entryBytes) {
    // The entries behind the last name are unused.
    bytes.writeUInt32LE(at < count * entryBytes ? inode : 0, at);
    bytes.writeUInt16LE(entryBytes, at + 4);
    bytes.writeUInt8(nameBytes, at + 6);
    bytes.write(String(at / entryBytes).padStart(nameBytes, '0'), at + 8);
  }
  return bytes;
}

describe('a guest', () => {
  let tree: string;
  beforeAll(async () => {
    tree = await debianTree();
  });

  it('says what system it is, which packages it has, and which units it starts', async () => {
    const guest = await openRaw(scope, await makeFileSystem(scope, tree));
    expect(await readOsRelease(guest)).toEqual({
      id: 'debian',
      versionId: '12',
      prettyName: 'Debian GNU/Linux 12 (bookworm)',
    });
    expect(await readPackages(guest)).toEqual({
      packages: [{ name: 'bash', version: '5.2.15-2+b7', architecture: 'amd64' }],
    });
    const units = (await readUnits(guest)).map(({ name, state, enabledBy }) => [
      name,
      state,
      enabledBy.join(),
    ]);
    expect(units).toEqual([
      ['empty.service', 'masked', ''],
      ['getty@.service', 'off', ''],
      ['getty@tty1.service', 'enabled', 'getty.target'],
      ['own.service', 'off', ''],
      ['quiet.timer', 'off', ''],
      ['rc.service', 'masked', ''],
      ['ssh.service', 'enabled', 'multi-user.target,sshd.service'],
      ['sshd.service', 'off', ''],
    ]);
  });

  it.each([
    ['raw', []],
    ['qcow2', ['-c']],
    ['vdi', []],
    ['vhdx', []],
    ['vmdk', ['-o', 'subformat=streamOptimized']],
  ])('is read from a disk image in the format %s', async (driver, args) => {
    const image = await makeFileSystem(scope, tree);
    const path = join(await temporaryFolder(scope), 'disk');
    await run(['qemu-img', 'convert', '-f', 'raw', '-O', driver, ...args, image, path]);
    const guest = await openGuest(scope, { path, driver }, signal);
    expect((await readOsRelease(guest))?.id).toBe('debian');
  });

  it('is read however many names a folder has', async () => {
    const count = 200_000;
    const image = await makeFileSystem(
      scope,
      await writeTree(scope, { '/etc/file': 'x', '/etc/folder': '' }),
      { args: ['-b', '4096'] },
    );
    const [file] = await (await openRaw(scope, image)).list('/etc');
    // mke2fs would take minutes: a file is written that holds what a folder holds, and is then made one.
    const content = join(await temporaryFolder(scope), 'content');
    await writeFile(content, folderBlocks(file?.inode ?? 0, count));
    const commands = ['rm /etc/folder', `write ${content} /etc/folder`, 'sif /etc/folder mode 040755'];
    await run(['debugfs', '-w', '-f', '-', image], { input: `${commands.join('\n')}\n` });
    const files = await allFiles(await openRaw(scope, image));
    expect(files.filter(({ path }) => path.startsWith('/etc/folder/'))).toHaveLength(count);
  });

  it('ends at a Ctrl-C, not with a fault of the disk', async () => {
    await using own = new Scope();
    const path = await makeFileSystem(scope, await writeTree(scope, { '/large': 'x'.repeat(MIB) }));
    const stop = new AbortController();
    const guest = await openGuest(own, { path, driver: 'raw' }, stop.signal);
    stop.abort(new Error('stopped by SIGINT'));
    await expect(guest.readText('/large')).rejects.toThrow('stopped by SIGINT');
  });

  it.each([
    [
      'distroless',
      { '/var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 1\n' },
      ['tzdata'],
      undefined,
    ],
    [
      'a folder and a list that name the same package',
      {
        '/var/lib/dpkg/status': 'Package: tzdata\nVersion: 1\n\nPackage: a\nVersion: 1\n',
        '/var/lib/dpkg/status.d/tzdata': 'Package: tzdata\nVersion: 1\n',
      },
      ['a', 'tzdata'],
      undefined,
    ],
    ['RPM', { '/usr/lib/sysimage/rpm/rpmdb.sqlite': '' }, [], /RPM.*not read/],
    ['nothing', { '/etc/hostname': 'x' }, [], /no list of packages/],
  ])('with %s for a package manager', async (_what, files, names, note) => {
    const image = await makeFileSystem(scope, await writeTree(scope, files));
    const list = await readPackages(await openRaw(scope, image));
    expect(list.packages.map(({ name }) => name)).toEqual(names);
    if (note === undefined) expect(list.note).toBeUndefined();
    else expect(list.note).toMatch(note);
  });
});

/** A disk of 100 MiB with partitions, by `sfdisk`'s own words. */
async function partitionedDisk(script: string): Promise<string> {
  const path = join(await temporaryFolder(scope), 'disk.raw');
  await run(['truncate', '-s', '100M', path]);
  await run(['sfdisk', '-q', path], { input: script });
  return path;
}

/** Puts a file system with one file at a place of a disk. */
async function fill(disk: string, startMiB: number, sizeMiB: number, path: string): Promise<void> {
  const tree = await writeTree(scope, { [path]: 'here' });
  const args = ['-q', '-F', '-E', `offset=${startMiB * MIB}`, '-d', tree];
  await run(['mke2fs', ...args, disk, `${sizeMiB}m`]);
}

describe('the root file system', () => {
  it.each([
    ['a GPT', 'label: gpt\nstart=2048, size=20480\nstart=22528, size=81920\n', [1, 10], [11, 40]],
    [
      'logical partitions of an MBR',
      'label: dos\nstart=2048, size=20480, type=83\nstart=22528, type=5\nstart=24576, size=20480\nstart=47104, size=81920\n',
      [12, 10],
      [23, 40],
    ],
  ])('is the largest with /etc, in %s', async (_what, script, small, large) => {
    const first = await partitionedDisk(script);
    await fill(first, small[0] ?? 0, small[1] ?? 0, '/etc/small');
    await fill(first, large[0] ?? 0, large[1] ?? 0, '/etc/large');
    const guest = await openRaw(scope, first);
    expect(await guest.has('/etc/large')).toBe(true);
    expect(guest.startBytes).toBe((large[0] ?? 0) * MIB);

    const second = await partitionedDisk(script);
    await fill(second, small[0] ?? 0, small[1] ?? 0, '/etc/small');
    await fill(second, large[0] ?? 0, large[1] ?? 0, '/srv/data');
    expect(await (await openRaw(scope, second)).has('/etc/small')).toBe(true);
  });

  it('may be all of the disk', async () => {
    const disk = await makeFileSystem(scope, await writeTree(scope, { '/etc/hostname': 'x' }));
    expect((await openRaw(scope, disk)).startBytes).toBe(0);
  });

  it('is not found where another file system is, which is named', async () => {
    const disk = await partitionedDisk('label: gpt\nstart=2048, size=20480\nstart=22528, size=81920\n');
    const file = await open(disk, 'r+');
    await file.write('XFSB', 11 * MIB);
    await file.write('FAT32   ', MIB + 0x52);
    await file.close();
    await expect(openRaw(scope, disk)).rejects.toMatchObject({
      code: 'guest-unknown',
      message: `${disk}: no ext file system is on it, but FAT (partition 1), xfs (partition 2)`,
    });
  });

  it('is not found on an empty disk', async () => {
    const disk = join(await temporaryFolder(scope), 'disk.raw');
    await run(['truncate', '-s', '10M', disk]);
    await expect(openRaw(scope, disk)).rejects.toMatchObject({
      code: 'guest-unknown',
      message: `${disk}: no ext file system is on it, nor anything else that is known`,
    });
  });
});

describe('a file system that cannot be read', () => {
  let tree: string;
  beforeAll(async () => {
    tree = await writeTree(scope, { '/etc/hostname': 'x' });
  });

  it('because it has a feature that is not known', async () => {
    const disk = await makeFileSystem(scope, tree, { args: ['-t', 'ext4', '-O', 'encrypt'] });
    await expect(openRaw(scope, disk)).rejects.toMatchObject({
      code: 'guest-unknown',
      message: expect.stringContaining('the feature encrypt') as string,
      hint: expect.stringContaining('ext4') as string,
    });
  });

  it('because its journal has not been replayed', async () => {
    const disk = await makeFileSystem(scope, tree, { args: ['-t', 'ext4'] });
    await run(['debugfs', '-w', '-R', 'feature needs_recovery', disk]);
    await expect(openRaw(scope, disk)).rejects.toMatchObject({
      code: 'guest-unclean',
      hint: expect.stringContaining('shut it down') as string,
    });
  });

  it('because it was cut off', async () => {
    const disk = await makeFileSystem(scope, tree);
    await run(['truncate', '-s', '-1M', disk]);
    await expect(openRaw(scope, disk)).rejects.toMatchObject({ code: 'guest-damaged' });
  });

  it('because its partition table is damaged', async () => {
    const disk = await partitionedDisk('label: gpt\nstart=2048, size=20480\n');
    const file = await open(disk, 'r+');
    await file.write(Buffer.from([0xaa]), 0, 1, 1024 + 40);
    await file.close();
    await expect(openRaw(scope, disk)).rejects.toMatchObject({
      code: 'guest-damaged',
      message: `${disk} is damaged: the GPT has a wrong checksum`,
    });
  });

  it('because its partition reaches out of it', async () => {
    const disk = await partitionedDisk('label: dos\nstart=2048, size=20480\n');
    const source = await fileSource(scope, disk);
    await expect(guestOf({ ...source, sizeBytes: 5 * MIB })).rejects.toMatchObject({ code: 'guest-damaged' });
  });
});
