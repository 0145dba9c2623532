import { lstat, mkdir, open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, temporaryFolder } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import { Scope } from '../../../src/system/scope.ts';

/** What one name in an image is: `-rw-r--r-- 0:0 SHA-256`, `drwx…`, `l… -> target`. */
export type ImageTree = Readonly<Record<string, string>>;

/**
 * Copies the root file system of an image into a folder without booting or mounting it. Fails when the file system is not
 * clean. Owners need root.
 */
async function unpackImage(scope: Scope, image: string): Promise<string> {
  const folder = await temporaryFolder(scope);
  const disk = join(folder, 'disk.raw');
  const tree = join(folder, 'tree');
  await mkdir(tree);
  await run(['qemu-img', 'convert', '-O', 'raw', image, disk]);
  const fileSystem = `${disk}?offset=${await rootOffsetBytes(disk)}`;
  await run(['e2fsck', '-fn', fileSystem]);
  await run(['debugfs', '-R', `rdump / ${tree}`, fileSystem]);
  return tree;
}

const SECTOR_BYTES = 512;
/** Where an ext file system has its magic number (Linux: Documentation/filesystems/ext4/super.rst). */
const EXT_MAGIC_BYTES = 1024 + 0x38;

/** Where the root file system begins: the disk is nothing else (the tiny base), or it is the largest partition. */
async function rootOffsetBytes(disk: string): Promise<number> {
  const file = await open(disk);
  const { buffer } = await file.read(Buffer.alloc(2), 0, 2, EXT_MAGIC_BYTES).finally(() => file.close());
  if (buffer.readUInt16LE() === 0xef53) return 0;
  const { stdout } = await run(['sgdisk', '--print', disk]);
  const partitions = [...stdout.matchAll(/^ +\d+ +(\d+) +(\d+) /gm)].map(([, first, last]) => ({
    first: Number(first),
    sectors: Number(last) - Number(first),
  }));
  const [largest] = partitions.sort((a, b) => b.sectors - a.sectors);
  return (largest?.first ?? 0) * SECTOR_BYTES;
}

/** All names of an image, with mode, owner and content. */
export async function imageTree(image: string): Promise<ImageTree> {
  await using scope = new Scope();
  const root = await unpackImage(scope, image);
  // With types: without them Node follows links out of the tree.
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const entries = await Promise.all(
    found.map(async (entry) => {
      const path = join(entry.parentPath, entry.name);
      const { mode, uid, gid } = await lstat(path);
      return [
        path.slice(root.length),
        `${mode.toString(8)} ${uid}:${gid} ${await contentOf(path, mode)}`,
      ] as const;
    }),
  );
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const FILE_TYPE = 0o170000;
const LINK = 0o120000;
const FILE = 0o100000;

async function contentOf(path: string, mode: number): Promise<string> {
  if ((mode & FILE_TYPE) === LINK) return `-> ${await readlink(path)}`;
  return (mode & FILE_TYPE) === FILE ? hashFile(path) : '';
}

/** One file of an image. */
export async function imageFile(image: string, path: string): Promise<string> {
  await using scope = new Scope();
  return await readFile(join(await unpackImage(scope, image), path), 'utf8');
}

/** Names that differ between two images. */
export function treeDifferences(one: ImageTree, other: ImageTree): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]).sort();
}
