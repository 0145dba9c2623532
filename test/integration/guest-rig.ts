import { chmod, type FileHandle, mkdir, open, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ByteSource } from '../../src/guest/byte-source.ts';
import { Guest, type GuestFile } from '../../src/guest/guest.ts';
import { findRoot } from '../../src/guest/root.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import type { Scope } from '../../src/system/scope.ts';

export interface ImageOptions {
  /** Further arguments of mke2fs. */
  readonly args?: readonly string[];
  readonly sizeMiB?: number;
  /** Where in the file the file system begins. */
  readonly offsetBytes?: number;
}

/** Makes a file system out of a folder, in a file of its own. Needs no root. Returns the file's path. */
export async function makeFileSystem(
  scope: Scope,
  folder: string,
  { args = [], sizeMiB = 64, offsetBytes = 0 }: ImageOptions = {},
): Promise<string> {
  const image = join(await temporaryFolder(scope), 'disk.raw');
  const place = ['-E', `offset=${offsetBytes}`];
  await run(['mke2fs', '-q', '-F', ...place, ...args, '-d', folder, image, `${sizeMiB}m`]);
  return image;
}

/** The bytes of a plain file. */
export async function fileSource(scope: Scope, path: string): Promise<ByteSource> {
  const file: FileHandle = await open(path);
  scope.defer(() => file.close());
  const { size } = await file.stat();
  return {
    name: path,
    sizeBytes: size,
    read: async (offsetBytes, target) => {
      const { bytesRead } = await file.read(target, 0, target.length, offsetBytes);
      if (bytesRead < target.length)
        throw new Error(`${target.length} bytes asked at ${offsetBytes} of ${size}`);
    },
  };
}

/** Opens what is in a raw disk, as `openGuest` does for a disk of any format. */
export async function openRaw(scope: Scope, image: string): Promise<Guest> {
  return guestOf(await fileSource(scope, image));
}

export async function guestOf(source: ByteSource): Promise<Guest> {
  const { fileSystem, startBytes } = await findRoot(source);
  return new Guest(source.name, fileSystem, startBytes);
}

export async function allFiles(guest: Guest): Promise<readonly GuestFile[]> {
  const files: GuestFile[] = [];
  for await (const file of guest.files()) files.push(file);
  return files;
}

/** Makes a folder out of `{ path: text }`; `-> target` makes a link. */
export async function writeTree(scope: Scope, files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder(scope);
  await chmod(root, 0o755);
  for (const [path, text] of Object.entries(files)) {
    const place = join(root, path);
    await mkdir(dirname(place), { recursive: true });
    if (text.startsWith('-> ')) await symlink(text.slice(3), place);
    else await writeFile(place, text);
  }
  return root;
}
