import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ReadFile } from '../ansible/playbook-reads.ts';
import { asError, BuilderError } from '../errors.ts';
import type { FileDigests } from '../system/file-digests.ts';
import type { LayerInput } from './layer.ts';

/** A file that a build reads, as it was when it was looked at. */
export interface DigestedFile extends ReadFile {
  /** Permission bits. */
  readonly mode: number;
  /** Hexadecimal; undefined for a folder. */
  readonly sha256: string | undefined;
}

/**
 * Looks at files. One that is named twice counts once, by its first name. Fails with `layer-input-unreadable`.
 */
export async function digestFiles(
  files: readonly ReadFile[],
  digests: FileDigests,
): Promise<readonly DigestedFile[]> {
  const first = new Map([...files].reverse().map((file) => [file.path, file]));
  return Promise.all([...first.values()].map((file) => digestFile(file, digests)));
}

async function digestFile({ name, path }: ReadFile, digests: FileDigests): Promise<DigestedFile> {
  try {
    const stats = await stat(path);
    const sha256 = stats.isDirectory() ? undefined : await digests.sha256(path);
    return { name, path, mode: stats.mode & 0o7777, sha256 };
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

/** Files as inputs: content and permission bits of each; of a folder the bits alone. */
export function fileInputs(files: readonly DigestedFile[]): LayerInput[] {
  return files.map(({ name, mode, sha256 = 'folder' }) => ({
    name,
    value: `${mode.toString(8)} ${sha256}`,
    isShown: false,
  }));
}

/**
 * A file, or a folder and all in it: `NAME`, or `NAME: PATH/IN/IT`. Links are followed, as an upload does, but not back into a
 * folder on the way down. Fails with `layer-input-unreadable`.
 */
export async function filesUnder(name: string, path: string): Promise<ReadFile[]> {
  try {
    return await walk(path, '', []);
  } catch (cause) {
    throw unreadable(name, path, cause);
  }

  async function walk(top: string, inside: string, way: readonly string[]): Promise<ReadFile[]> {
    const here = { name: inside === '' ? name : `${name}: ${inside}`, path: join(top, inside) };
    if (!(await stat(here.path)).isDirectory()) return [here];
    const real = await realpath(here.path);
    if (way.includes(real)) return [];
    const names = await readdir(here.path);
    const below = await Promise.all(names.map((each) => walk(top, join(inside, each), [...way, real])));
    return [here, ...below.flat()];
  }
}

function unreadable(name: string, path: string, cause: unknown): BuilderError {
  return new BuilderError(
    'layer-input-unreadable',
    `${name} cannot be read: ${path}: ${asError(cause).message}`,
    { hint: `check ${basename(path)}, or take it out of the template`, cause },
  );
}
