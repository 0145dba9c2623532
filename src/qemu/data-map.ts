import type { DiskFile } from './disk-file.ts';
import { type Extent, readMap } from './qemu-img-map.ts';

/** A stretch of a disk. */
export interface Range {
  readonly startBytes: number;
  readonly lengthBytes: number;
}

/**
 * Which blocks of a disk may hold data; all others read as zeros. One bit a block, so that it stays small for a disk
 * of any size, however its data are scattered.
 */
export class DataMap {
  readonly sizeBytes: number;
  readonly blockBytes: number;
  readonly #bits: Uint8Array;

  constructor(sizeBytes: number, blockBytes: number) {
    this.sizeBytes = sizeBytes;
    this.blockBytes = blockBytes;
    this.#bits = new Uint8Array(Math.ceil(this.#blocks / 8));
  }

  get #blocks(): number {
    return Math.ceil(this.sizeBytes / this.blockBytes);
  }

  /** Says that a stretch holds data: every block that it touches does. */
  add({ startBytes, lengthBytes }: Range): void {
    const end = Math.min(Math.ceil((startBytes + lengthBytes) / this.blockBytes), this.#blocks);
    for (let block = Math.floor(startBytes / this.blockBytes); block < end; block += 1) {
      this.#bits[block >> 3] = (this.#bits[block >> 3] ?? 0) | (1 << (block & 7));
    }
  }

  /** Stretches with data in the order of the disk, each of whole blocks (but for the disk's end), none too long. */
  *ranges(longestBytes = Number.POSITIVE_INFINITY): Generator<Range> {
    const longest = Math.max(1, Math.floor(longestBytes / this.blockBytes));
    let start = 0;
    while (start < this.#blocks) {
      if (!this.#has(start)) {
        // Eight at a time through the holes.
        start += (start & 7) === 0 && this.#bits[start >> 3] === 0 ? 8 : 1;
        continue;
      }
      let end = start + 1;
      while (end < this.#blocks && end - start < longest && this.#has(end)) end += 1;
      const startBytes = start * this.blockBytes;
      yield { startBytes, lengthBytes: Math.min(end * this.blockBytes, this.sizeBytes) - startBytes };
      start = end;
    }
  }

  /** Bytes of all stretches together. */
  get dataBytes(): number {
    let sum = 0;
    for (const { lengthBytes } of this.ranges()) sum += lengthBytes;
    return sum;
  }

  #has(block: number): boolean {
    return ((this.#bits[block >> 3] ?? 0) & (1 << (block & 7))) !== 0;
  }
}

/** Finds out where a disk holds data, in its own file and in all behind it. Fails as `readMap` does. */
export async function readDataMap(
  { path, driver }: DiskFile,
  sizeBytes: number,
  blockBytes: number,
  signal: AbortSignal,
): Promise<DataMap> {
  const map = new DataMap(sizeBytes, blockBytes);
  const onExtent = (extent: Extent): void => {
    if (extent.hasData) map.add(extent);
  };
  await readMap(path, driver, onExtent, signal);
  return map;
}
