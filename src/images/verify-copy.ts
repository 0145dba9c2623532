import { stat } from 'node:fs/promises';
import { BuilderError } from '../errors.ts';
import { checkImage } from '../qemu/qemu-img-check.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { compareDisks } from '../qemu/qemu-img-compare.ts';
import { virtualSizeOf } from '../qemu/qemu-img.ts';
import { syncFile } from '../system/files.ts';
import { hashInThread } from '../system/hash-thread.ts';
import type { WrittenDisk } from './disk-writer.ts';

/** A file that was written, and what must be in it. */
export interface Copy extends WrittenDisk {
  readonly path: string;
  /** The size that its disk must have. */
  readonly virtualSizeBytes: number;
}

export interface VerifyOptions {
  readonly onCompared: (fraction: number) => void;
  readonly onHashed: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Makes sure that a copy is sound and holds the same disk: its size, every byte of it. At the same time hashes the
 * copy's file, unless that was done, and flushes it to the disk. Returns the file's sha256. Fails with `compare-failed`.
 */
export async function verifyCopy(source: DiskFile, copy: Copy, options: VerifyOptions): Promise<string> {
  const { signal } = options;
  await requireSize(copy, signal);
  const checks = [requireSound(copy, signal), requireEqual(source, copy, options), syncFile(copy.path)];
  const [hash, ...results] = await Promise.allSettled([
    copy.sha256 ?? hashWhole(copy.path, options.onHashed, signal),
    ...checks,
  ]);
  // All have ended before the first failure is told: nothing reads the file when it is removed.
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  if (hash.status === 'rejected') throw hash.reason;
  options.onHashed(1);
  return hash.value;
}

/** `qemu-img compare` takes a disk that is longer by zeros for equal. */
async function requireSize({ disk, virtualSizeBytes }: Copy, signal: AbortSignal): Promise<void> {
  const foundBytes = await virtualSizeOf(disk, signal);
  if (foundBytes === virtualSizeBytes) return;
  const message = `the copy is a disk of ${foundBytes} bytes, and should be of ${virtualSizeBytes}`;
  throw new BuilderError('compare-failed', message);
}

async function requireSound({ disk, checkable }: Copy, signal: AbortSignal): Promise<void> {
  if (!checkable) return;
  const { errors, tail } = await checkImage(disk, signal);
  if (errors === 0) return;
  throw new BuilderError('compare-failed', `qemu-img check finds ${errors} errors in the copy`, { tail });
}

async function requireEqual(
  source: DiskFile,
  { disk }: Copy,
  { onCompared: onFraction, signal }: VerifyOptions,
): Promise<void> {
  const difference = await compareDisks(source, disk, { onFraction, signal });
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
  return hashInThread(path, { onBytes: (doneBytes) => onFraction(doneBytes / size), signal });
}
