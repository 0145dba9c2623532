/**
 * Zeros in the Zstandard format (RFC 8878): frames of run-length blocks, four bytes for 128 KiB. A file may be many
 * frames one after the other, so that the holes of a disk need not go through a compressor.
 */

const MAGIC = 0xfd2f_b528;
/** The content's size is told, in eight bytes; no checksum. */
const DESCRIPTOR = 0b1100_0000;
/** A window of 128 KiB (RFC 8878, 3.1.1.1.2): no decoder needs more memory for this. */
const WINDOW = 7 << 3;
const BLOCK_BYTES = 128 * 1024;
const RUN_LENGTH = 1;
/** Longer holes are several frames, so that no frame takes much memory here. */
const LONGEST_FRAME_BYTES = 1024 ** 3;

/** Frames that decompress to so many zeros. */
export function* zeroFrames(lengthBytes: number): Generator<Buffer> {
  for (let left = lengthBytes; left > 0; left -= LONGEST_FRAME_BYTES) {
    yield zeroFrame(Math.min(left, LONGEST_FRAME_BYTES));
  }
}

function zeroFrame(lengthBytes: number): Buffer {
  const header = Buffer.alloc(14);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt8(DESCRIPTOR, 4);
  header.writeUInt8(WINDOW, 5);
  header.writeBigUInt64LE(BigInt(lengthBytes), 6);
  const blocks = Buffer.alloc(Math.ceil(lengthBytes / BLOCK_BYTES) * 4);
  for (let place = 0, left = lengthBytes; left > 0; place += 4, left -= BLOCK_BYTES) {
    const isLast = left <= BLOCK_BYTES ? 1 : 0;
    // Three bytes of header; the fourth is the byte that is repeated.
    blocks.writeUIntLE(isLast | (RUN_LENGTH << 1) | (Math.min(left, BLOCK_BYTES) << 3), place, 3);
  }
  return Buffer.concat([header, blocks]);
}
