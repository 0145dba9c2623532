import { type ByteSource, readUpTo } from './byte-source.ts';
import { damaged } from './guest-errors.ts';

/** What is read at once: neighbours in a table of inodes, and small files, are wanted soon after each other. */
export const PIECE_BYTES = 64 * 1024;
/** 16 MiB, whatever the disk's size. */
const MOST_PIECES = 256;

/** Keeps what was read last from a source, for the many small reads that a file system's tables need. */
export class CachedSource {
  readonly source: ByteSource;
  /** By number, the one that was used last at the end. */
  readonly #pieces = new Map<number, Promise<Buffer>>();

  constructor(source: ByteSource) {
    this.source = source;
  }

  /** Bytes to look at, not to keep: they may be a view of a whole piece. Fails with `guest-damaged` outside of the source. */
  async bytes(offsetBytes: number, lengthBytes: number): Promise<Buffer> {
    if (offsetBytes + lengthBytes > this.source.sizeBytes) {
      throw damaged(this.source.name, `it leads to byte ${offsetBytes}, behind its end`);
    }
    const first = Math.floor(offsetBytes / PIECE_BYTES);
    const last = Math.floor((offsetBytes + lengthBytes - 1) / PIECE_BYTES);
    const start = offsetBytes - first * PIECE_BYTES;
    if (last <= first) return (await this.#piece(first)).subarray(start, start + lengthBytes);
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const pieces = await Promise.all(numbers.map((number) => this.#piece(number)));
    return Buffer.concat(pieces).subarray(start, start + lengthBytes);
  }

  #piece(number: number): Promise<Buffer> {
    const known = this.#pieces.get(number);
    this.#pieces.delete(number);
    const piece = known ?? readUpTo(this.source, number * PIECE_BYTES, PIECE_BYTES);
    this.#pieces.set(number, piece);
    const [oldest] = this.#pieces.keys();
    if (this.#pieces.size > MOST_PIECES && oldest !== undefined) this.#pieces.delete(oldest);
    return piece;
  }
}
