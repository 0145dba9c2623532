import { stat } from 'node:fs/promises';
import { BuilderError } from '../errors.ts';
import { checkImage } from '../qemu/qemu-img-check.ts';
import { compareDisks, type DiskFile } from '../qemu/qemu-img-convert.ts';
import { imageInfo } from '../qemu/qemu-img.ts';
import { hashFile, syncFile } from '../system/files.ts';

/** What is copied, as far as a comparison needs it. */
export interface Original extends DiskFile {
  readonly virtualSizeBytes: number;
}

export interface Copy extends DiskFile {
  /** Whether `qemu-img check` knows the copy's format. */
  readonly checkable: boolean;
}

export interface VerifyOptions {
  readonly onCompared: (fraction: number) => void;
  readonly onHashed: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that a copy is sound and holds the same disk: its size, every byte of it. At the same time hashes the
 * copy's file and flushes it to the disk. Returns the file's sha256. Fails with `compare-failed`.
 */
export async function verifyCopy(source: Original, copy: Copy, options: VerifyOptions): Promise<string> {
  const { signal } = options;
  await requireSize(source, copy, signal);
  const checks = [requireSound(copy, signal), requireEqual(source, copy, options), syncFile(copy.path)];
  const [hash, ...results] = await Promise.allSettled([
    hashWhole(copy.path, options.onHashed, signal),
    ...checks,
  ]);
  // All have ended before the first failure is told: nothing reads the file when it is removed.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  if (hash.status === 'rejected') throw hash.reason;
  return hash.value;
}

/** `qemu-img compare` takes a disk that is longer by zeros for equal. */
async function requireSize(source: Original, copy: Copy, signal: AbortSignal): Promise<void> {
  const { virtualSizeBytes } = await imageInfo(copy.path, { format: copy.driver, signal });
  if (virtualSizeBytes === source.virtualSizeBytes) return;
  const message = `the copy is a disk of ${virtualSizeBytes} bytes, and the source of ${source.virtualSizeBytes}`;
  throw new BuilderError('compare-failed', message);
}

async function requireSound({ path, driver, checkable }: Copy, signal: AbortSignal): Promise<void> {
  if (!checkable) return;
  const { errors, tail } = await checkImage(path, driver, signal);
  if (errors === 0) return;
  throw new BuilderError('compare-failed', `qemu-img check finds ${errors} errors in the copy`, { tail });
}

async function requireEqual(source: Original, copy: Copy, options: VerifyOptions): Promise<void> {
  const { onCompared: onFraction, signal } = options;
  const difference = await compareDisks(source, copy, { onFraction, signal });
  // qemu-img tells of no progress when there is nothing to compare.
  onFraction(1);
  if (difference === undefined) return;
  throw new BuilderError('compare-failed', `the copy differs from ${source.path}: ${difference}`);
}

/** The sha256 of a file, with progress. */
export async function hashWhole(
  path: string,
  onFraction: (fraction: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const { size } = await stat(path);
  return hashFile(path, 'sha256', { signal, onBytes: (doneBytes) => onFraction(doneBytes / size) });
}
