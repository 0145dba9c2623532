import { BuilderError, systemCode } from '../errors.ts';
import { freeBytes } from '../system/files.ts';
import { ProcessError } from '../system/process.ts';

const MEBIBYTE = 1024 * 1024;
/** For the headers and tables of one file. */
const OVERHEAD_BYTES = 2 * MEBIBYTE;

/** Bytes that so many copies of a disk take, as far as can be told before. */
export function neededBytes(dataBytes: number, copies: number): number {
  return copies * (dataBytes + OVERHEAD_BYTES);
}

/** Fails with `disk-full`, before anything is written, when a folder's file system cannot hold so many bytes. */
export async function requireRoom(folder: string, formats: readonly string[], needed: number): Promise<void> {
  const free = await freeBytes(folder);
  if (formats.length === 0 || free >= needed) return;
  throw diskFull({ folder, what: formats.join(', '), neededBytes: needed, freeBytes: free });
}

export interface FullDisk {
  readonly folder: string;
  /** The formats that do not fit. */
  readonly what: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
  readonly cause?: unknown;
}

/** `disk-full` with the folder, the formats, what they need and what is free. */
export function diskFull(full: FullDisk): BuilderError {
  const needed = mebibytes(full.neededBytes);
  const message = `no room in ${full.folder} for ${full.what}: about ${needed} needed, ${mebibytes(full.freeBytes)} free`;
  return new BuilderError('disk-full', message, {
    hint: 'free some room, or choose an output folder on another disk',
    tail: full.cause instanceof ProcessError ? full.cause.tail : [],
    cause: full.cause,
  });
}

const FULL_CODES = ['ENOSPC', 'EDQUOT'];
/** What strerror says for ENOSPC and EDQUOT; the program runs its tools in the C locale. */
const FULL_WORDS = /No space left on device|Disk quota exceeded/;

/** Whether something failed because the disk, or the user's part of it, ran full. */
export function ranFull(thrown: unknown): boolean {
  if (thrown instanceof ProcessError) return thrown.tail.some((line) => FULL_WORDS.test(line));
  const code = systemCode(thrown);
  return code !== undefined && FULL_CODES.includes(code);
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MiB`;
}
