import { lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hashFile, temporaryFolder } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import { Scope } from '../../../src/system/scope.ts';

/** What one name in an image is: `-rw-r--r-- 0:0 SHA-256`, `drwx…`, `l… -> target`. */
export type ImageTree = Readonly<Record<string, string>>;

/**
 * Copies the file system of an image made on the tiny base, whose disk is nothing else, into a folder without booting or
 * mounting it. Fails when the file system is not clean. Owners need root.
 */
async function unpackImage(scope: Scope, image: string): Promise<string> {
  const folder = await temporaryFolder(scope);
  const disk = join(folder, 'disk.raw');
  const tree = join(folder, 'tree');
  await mkdir(tree);
  await run(['qemu-img', 'convert', '-O', 'raw', image, disk]);
  await run(['e2fsck', '-fn', disk]);
  await run(['debugfs', '-R', `rdump / ${tree}`, disk]);
  return tree;
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
