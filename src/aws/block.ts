import { createHash } from 'node:crypto';

/** The size of a block of a snapshot, and the only one that the service takes. */
export const BLOCK_BYTES = 512 * 1024;

/** A block of a disk that is not all zeros. */
export interface DiskBlock {
  readonly index: number;
  readonly sha256: Buffer;
}

export const ZERO_BLOCK = Buffer.alloc(BLOCK_BYTES);
export const ZERO_SHA256 = sha256Of(ZERO_BLOCK);

export function sha256Of(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

const GIB = 1024 ** 3;

/** The size of a volume that a disk fits into: volumes are whole GiB. */
export function volumeGibOf(diskBytes: number): number {
  return Math.max(1, Math.ceil(diskBytes / GIB));
}

/** How many blocks a volume has. */
export function volumeBlocks(volumeGib: number): number {
  return (volumeGib * GIB) / BLOCK_BYTES;
}
