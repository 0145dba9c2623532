import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asError } from '../errors.ts';
import { hashFile } from '../system/files.ts';
import type { StoredFile } from './layer.ts';
import { DISK_NAME, type LayerStore, MEMORY_NAME, type StoredLayer } from './store.ts';

/**
 * Reads every file that a layer needs and compares it with what it was when it was made. Returns what is wrong, or
 * undefined. Resuming a machine from a damaged file would damage the image without a word.
 */
export async function findDamage(
  store: LayerStore,
  { folder, record }: StoredLayer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const files = [
    { path: join(folder, MEMORY_NAME), expected: record.memory },
    ...record.disks.map((disk) => ({ path: join(disk.folder, DISK_NAME), expected: disk })),
  ];
  const found = await Promise.all(
    files.map(({ path, expected }) => damageOf(join(store.path, path), path, expected, signal)),
  );
  return found.find((damage) => damage !== undefined);
}

async function damageOf(
  path: string,
  name: string,
  expected: StoredFile,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    if (size !== expected.sizeBytes) return `${name} has ${size} bytes instead of ${expected.sizeBytes}`;
    const sha256 = await hashFile(path, 'sha256', { signal });
    return sha256 === expected.sha256 ? undefined : `${name} has other content than when it was made`;
  } catch (thrown) {
    signal.throwIfAborted();
    return `${name} cannot be read: ${asError(thrown).message}`;
  }
}
