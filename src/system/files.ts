import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';
import type { Scope } from './scope.ts';

/** Whether something is at this path (a broken link does not count). */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Writes a file that is either whole or not there: beside its place, synced, then renamed.
 * `mode` is the file's permission bits.
 */
export async function writeFileWhole(
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.partial-${randomUUID()}`);
  try {
    const file = await open(partial, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    // The mode given to open is cut by the umask; a key's 0600 or a script's 0755 must be exact.
    await chmod(partial, mode);
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

/** Flushes a finished file, and the folder that names it, to the disk. */
export async function syncFile(path: string): Promise<void> {
  for (const target of [path, dirname(path)]) {
    const handle = await open(target, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

const TEMPORARY_PREFIX = 'nb-';

/** Removes what `temporaryFolder` made in a parent that this run has for itself: one that was killed left it. */
export async function dropTemporaryFolders(parent: string): Promise<void> {
  for (const name of await readdir(parent))
    if (name.startsWith(TEMPORARY_PREFIX)) await rm(join(parent, name), { recursive: true, force: true });
}

/** A private folder (0700) with a short path, removed with all it holds when the scope ends. */
export async function temporaryFolder(scope: Scope, parent: string = tmpdir()): Promise<string> {
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, TEMPORARY_PREFIX));
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Sockets have at most 107 bytes for their path, and QEMU's options end at a comma: a short and plain place. */
export function plainTemporaryParent(): string {
  return /^[\w./-]{1,60}$/.test(tmpdir()) ? tmpdir() : '/tmp';
}

/** Bytes that an ordinary user may still write on the file system of `path`, or of its nearest existing parent. */
export async function freeBytes(path: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  } catch (thrown) {
    if (systemCode(thrown) !== 'ENOENT' || dirname(path) === path) throw thrown;
    return freeBytes(dirname(path));
  }
}

export type HashName = 'md5' | 'sha256' | 'sha512';

/** Hex digest of a file. `onBytes` is told how many bytes were read so far. */
export async function hashFile(
  path: string,
  algorithm: HashName = 'sha256',
  options: { readonly signal?: AbortSignal; readonly onBytes?: (doneBytes: number) => void } = {},
): Promise<string> {
  const hash: Hash = createHash(algorithm);
  let doneBytes = 0;
  const stream = createReadStream(path, {
    highWaterMark: 1024 * 1024,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    doneBytes += chunk.length;
    options.onBytes?.(doneBytes);
  }
  return hash.digest('hex');
}

/** Size in bytes of a file, or undefined when there is none. */
export async function fileSizeBytes(path: string): Promise<number | undefined> {
  return stat(path).then(
    (stats) => stats.size,
    () => undefined,
  );
}
