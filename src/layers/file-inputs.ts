import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import type { ReadFile } from '../ansible/playbook-reads.ts';
import { asError, BuilderError } from '../errors.ts';
import type { FileDigests } from '../system/file-digests.ts';
import type { LayerInput } from './layer.ts';

/**
 * Files as inputs: content and permission bits of each. A file that is named twice counts once, by its first name. Fails
 * with `layer-input-unreadable`.
 */
export async function fileInputs(files: readonly ReadFile[], digests: FileDigests): Promise<LayerInput[]> {
  const first = new Map([...files].reverse().map((file) => [file.path, file]));
  return Promise.all([...first.values()].map((file) => fileInput(file, digests)));
}

async function fileInput({ name, path }: ReadFile, digests: FileDigests): Promise<LayerInput> {
  try {
    const { mode } = await stat(path);
    const bits = (mode & 0o7777).toString(8);
    return { name, value: `${bits} ${await digests.sha256(path)}`, isShown: false };
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

/** A file, or every file under a folder: `NAME`, or `NAME: PATH/IN/IT`. Fails with `layer-input-unreadable`. */
export async function filesUnder(name: string, path: string): Promise<ReadFile[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [{ name, path }];
    const entries = await readdir(path, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({ name: `${name}: ${relative(path, file)}`, path: file }));
  } catch (cause) {
    throw unreadable(name, path, cause);
  }
}

function unreadable(name: string, path: string, cause: unknown): BuilderError {
  return new BuilderError(
    'layer-input-unreadable',
    `${name} cannot be read: ${path}: ${asError(cause).message}`,
    { hint: `check ${basename(path)}, or take it out of the template`, cause },
  );
}
