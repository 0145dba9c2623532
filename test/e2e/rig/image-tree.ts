import { join } from 'node:path';
import type { Guest, GuestFile } from '../../../src/guest/guest.ts';
import { openGuest } from '../../../src/guest/open-guest.ts';
import { temporaryFolder } from '../../../src/system/files.ts';
import { run } from '../../../src/system/process.ts';
import { Scope } from '../../../src/system/scope.ts';

/** What one name in an image is: `file 644 0:0 SHA-256`, `folder …`, `link 777 0:0 -> target`. */
export type ImageTree = Readonly<Record<string, string>>;

/** Opens the root file system of an image without booting or mounting it. Fails when it is not clean, by e2fsck. */
async function openImage(scope: Scope, image: string): Promise<Guest> {
  const guest = await openGuest(scope, { path: image, driver: 'qcow2' }, new AbortController().signal);
  await using copy = new Scope();
  const disk = join(await temporaryFolder(copy), 'disk.raw');
  await run(['qemu-img', 'convert', '-O', 'raw', image, disk]);
  await run(['e2fsck', '-fn', `${disk}?offset=${guest.startBytes}`]);
  return guest;
}

/** All names of an image, with mode, owner and content. */
export async function imageTree(image: string): Promise<ImageTree> {
  await using scope = new Scope();
  const guest = await openImage(scope, image);
  const tree: Record<string, string> = {};
  for await (const file of guest.files()) {
    const { path, type, mode, uid, gid } = file;
    tree[path] = `${type} ${mode.toString(8)} ${uid}:${gid} ${await contentOf(guest, file)}`;
  }
  return tree;
}

async function contentOf(guest: Guest, file: GuestFile): Promise<string> {
  if (file.type === 'link') return `-> ${file.target ?? ''}`;
  return file.type === 'file' ? guest.sha256(file) : (file.device ?? '');
}

/** One file of an image. */
export async function imageFile(image: string, path: string): Promise<string> {
  await using scope = new Scope();
  const text = await (await openImage(scope, image)).readText(path);
  if (text === undefined) throw new Error(`there is no file ${path} in ${image}`);
  return text;
}

/** Names that differ between two images. */
export function treeDifferences(one: ImageTree, other: ImageTree): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]).sort();
}
