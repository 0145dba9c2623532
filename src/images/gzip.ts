import { constants } from 'node:zlib';
import { crc32 } from '../system/crc32.ts';
import type { DeflatePool, DeflateSettings } from '../system/deflate-pool.ts';
import { inOrder } from '../system/in-order.ts';

/** Larger pieces than those that are given would be cut by this. */
const LARGEST_PIECE_BYTES = 1024 * 1024 * 1024;

/**
 * Each piece is compressed by itself, and ends at a whole byte without ending the stream (RFC 1951, 3.2.4), so that
 * the pieces one after the other are one stream.
 */
const PIECES: DeflateSettings = {
  pieceBytes: LARGEST_PIECE_BYTES,
  wrapper: 'none',
  options: { level: 5, memLevel: 9, finishFlush: constants.Z_SYNC_FLUSH },
  skipZeros: false,
};

/** Deflate; no name, no time; an unknown system (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** A last block that is empty. */
const LAST_BLOCK = Buffer.from([3, 0]);

/**
 * Compresses pieces as one gzip file of one member, on all processors. The pieces must be large (some 100 KiB or
 * more) to compress well, and cannot be used afterwards.
 */
export async function* gzip(
  pool: DeflatePool,
  pieces: AsyncIterable<Buffer<ArrayBuffer>>,
): AsyncGenerator<Buffer> {
  let crc = 0;
  let lengthBytes = 0;
  const counted = async function* (): AsyncGenerator<Buffer<ArrayBuffer>> {
    for await (const piece of pieces) {
      if (piece.length === 0) continue;
      crc = crc32(piece, crc);
      lengthBytes += piece.length;
      yield piece;
    }
  };
  yield HEADER;
  for await (const result of inOrder(counted(), pool.concurrency, (piece) =>
    pool.deflate(ownMemory(piece), PIECES),
  )) {
    for (const piece of result.pieces) if (piece !== undefined) yield Buffer.from(piece.buffer);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(lengthBytes % 2 ** 32, 4);
  yield Buffer.concat([LAST_BLOCK, trailer]);
}

/** The memory of a piece, and nothing else: it goes to another thread. */
function ownMemory(piece: Buffer<ArrayBuffer>): ArrayBuffer {
  const { buffer, byteOffset, length } = piece;
  return length === buffer.byteLength ? buffer : buffer.slice(byteOffset, byteOffset + length);
}
