import { chmod, link, lstat, mkdir, open, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashFile, temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import type { Guest } from '../../src/guest/guest.ts';
import { allFiles, makeFileSystem, openRaw } from './guest-rig.ts';

const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

/** The kinds of file system that mke2fs makes, old and new. */
const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['ext4, as it is made today', ['-t', 'ext4']],
  ['ext4 with blocks of 1 KiB', ['-t', 'ext4', '-b', '1024']],
  ['ext4 with blocks of 64 KiB', ['-t', 'ext4', '-b', '65536']],
  ['ext4 with small inodes', ['-t', 'ext4', '-I', '128']],
  ['ext4 with 32 bits and no checksums', ['-t', 'ext4', '-O', '^64bit,^metadata_csum']],
  ['ext4 with meta block groups', ['-t', 'ext4', '-b', '1024', '-g', '1024', '-O', 'meta_bg,^resize_inode']],
  ['ext4 with two copies of its superblock', ['-t', 'ext4', '-b', '1024', '-O', 'sparse_super2']],
  ['ext4 with clusters', ['-t', 'ext4', '-O', 'bigalloc', '-C', '16384']],
  ['ext3', ['-t', 'ext3']],
  ['ext2 with blocks of 1 KiB', ['-t', 'ext2', '-b', '1024']],
  ['ext2 of the first revision', ['-t', 'ext2', '-b', '1024', '-r', '0', '-O', 'none']],
];

/** What a name is: the same words for a folder here and for one in an image. */
type Described = Readonly<Record<string, string>>;

async function describeFolder(root: string): Promise<Described> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = ['', ...found.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))];
  const described = await Promise.all(
    paths.map(async (path) => {
      const place = join(root, path);
      const stats = await lstat(place);
      const what = stats.isSymbolicLink()
        ? `link to ${await readlink(place)}`
        : stats.isFile()
          ? `${stats.size} ${await hashFile(place)}`
          : stats.isFIFO()
            ? 'pipe'
            : 'folder';
      const mode = (stats.mode & 0o7777).toString(8);
      return [`/${path}`, `${mode} ${stats.uid}:${stats.gid} ${what}`] as const;
    }),
  );
  return Object.fromEntries(described);
}

async function describeGuest(guest: Guest): Promise<Described> {
  const described: [string, string][] = [];
  for (const file of await allFiles(guest)) {
    const { path, type, mode, uid, gid, sizeBytes, target = '' } = file;
    if (path.startsWith('/lost+found')) continue;
    const isFile = type === 'file';
    const what = isFile
      ? `${sizeBytes} ${await guest.sha256(file)}`
      : type === 'link'
        ? `link to ${target}`
        : type;
    described.push([path, `${mode.toString(8)} ${uid}:${gid} ${what}`]);
  }
  return Object.fromEntries(described);
}

async function writeSparse(path: string, sizeBytes: number, places: readonly number[]): Promise<void> {
  const file = await open(path, 'w');
  for (const place of places) await file.write(Buffer.from(`data at ${place}`), 0, null, place);
  await file.truncate(sizeBytes);
  await file.close();
}

/** A folder with all that file systems do differently. */
async function makeTree(): Promise<string> {
  const root = await temporaryFolder(scope);
  await chmod(root, 0o755);
  const at = (path: string): string => join(root, path);
  await mkdir(at('deep/'.repeat(150)), { recursive: true });
  await writeFile(at(`${'deep/'.repeat(150)}bottom`), 'reached');
  await mkdir(at('many'));
  for (let index = 0; index < 4000; index += 1) await writeFile(at(`many/a name that is long ${index}`), '');
  await writeFile(at('empty'), '');
  await writeFile(at('tiny'), 'tiny');
  await writeFile(at('fits into an inode'), 'x'.repeat(150));
  await writeFile(at('large'), Buffer.alloc(5_000_001, 'some text and more of it '));
  await link(at('large'), at('the same'));
  await mkdir(at('länder/日本'), { recursive: true });
  await writeFile(at('länder/日本/☃ file'), 'unicode');
  await symlink('tiny', at('short link'));
  await symlink(`/${'far/'.repeat(120)}away`, at('long link'));
  await symlink('nowhere', at('länder/broken link'));
  await writeFile(at('set-uid'), '#!');
  await chmod(at('set-uid'), 0o4751);
  await mkdir(at('sticky'));
  await chmod(at('sticky'), 0o1777);
  await run(['mkfifo', at('pipe')]);
  await writeSparse(at('only a hole'), 3_000_000, []);
  await writeSparse(at('begins with a hole'), 10_000, [9_000]);
  // With blocks of 1 KiB every level of the old maps: direct, and one to three tables deep.
  await writeSparse(at('far apart'), 80_000_000, [0, 20_000, 1_000_000, 70_000_000]);
  const stripes = Array.from({ length: 1500 }, (_, index) => index * 8192);
  await writeSparse(at('striped'), 1500 * 8192, stripes);
  return root;
}

describe('the ext reader', () => {
  let tree: string;
  let wanted: Described;

  beforeAll(async () => {
    tree = await makeTree();
    wanted = await describeFolder(tree);
  });

  it.each(KINDS)('reads %s as it was written', async (_kind, args) => {
    const image = await makeFileSystem(scope, tree, { args, sizeMiB: 512 });
    expect(await describeGuest(await openRaw(scope, image))).toEqual(wanted);
  });

  it('reads files and folders that lie in their inodes', async () => {
    const args = ['-t', 'ext4', '-I', '512', '-O', 'inline_data'];
    const image = await makeFileSystem(scope, tree, { args, sizeMiB: 512 });
    const { stdout } = await run(['debugfs', '-R', 'stat /länder', image]);
    expect(stdout).toContain('Size of inline data');
    // mke2fs 1.47.0 forgets the hole at the end of these two, by debugfs' own word.
    const cut = { '/far apart': expect.any(String) as string, '/striped': expect.any(String) as string };
    expect(await describeGuest(await openRaw(scope, image))).toEqual({ ...wanted, ...cut });
  });

  it('reads folders with trees of hashes', async () => {
    const image = await makeFileSystem(scope, tree, { args: ['-t', 'ext4', '-b', '1024'], sizeMiB: 512 });
    await run(['e2fsck', '-fyD', image], { acceptExitCodes: [1] });
    const { stdout } = await run(['debugfs', '-R', 'htree_dump /many', image]);
    expect(stdout).toContain('Indirect levels: 1');
    expect(await describeGuest(await openRaw(scope, image))).toEqual(wanted);
  });

  it('tells devices by their numbers, and files with several names by one', async () => {
    const image = await makeFileSystem(scope, tree, { sizeMiB: 512 });
    await run(['debugfs', '-w', '-R', 'mknod console c 5 1', image]);
    await run(['debugfs', '-w', '-R', 'mknod disk b 259 7000', image]);
    const files = new Map((await allFiles(await openRaw(scope, image))).map((file) => [file.path, file]));
    expect(files.get('/console')).toMatchObject({ type: 'character-device', device: '5:1' });
    expect(files.get('/disk')).toMatchObject({ type: 'block-device', device: '259:7000' });
    expect(files.get('/large')?.inode).toBe(files.get('/the same')?.inode);
  });

  it('says how full the file system is, as dumpe2fs does', async () => {
    const image = await makeFileSystem(scope, tree, { args: ['-t', 'ext4', '-b', '4096'], sizeMiB: 512 });
    const { stdout } = await run(['dumpe2fs', '-h', image]);
    const told = (field: string): number => Number(new RegExp(`^${field}: +(\\d+)`, 'm').exec(stdout)?.[1]);
    expect((await openRaw(scope, image)).usage).toEqual({
      sizeBytes: 512 * 1024 ** 2,
      usedBytes: (told('Block count') - told('Free blocks')) * 4096,
      files: told('Inode count') - told('Free inodes'),
    });
  });
});
