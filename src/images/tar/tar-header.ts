import { BuilderError } from '../../errors.ts';
import type { Range } from '../../qemu/data-map.ts';

/** The headers of tar archives: POSIX's ustar, and GNU tar's older form for files with holes (tar(5), GNU's `tar.h`). */

export const TAR_BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const REGULAR = '0';
const SPARSE = 'S';
const POSIX_MAGIC = 'ustar\x0000';
const GNU_MAGIC = 'ustar  \0';

const CHECKSUM_PLACE = 148;
const SPARSE_PLACE = 386;
/** Entries of the map of a file with holes: in its header, and in each block that continues it. */
const FIRST_ENTRIES = 4;
const MORE_ENTRIES = 21;
const ENTRY_BYTES = 24;

/** A file in an archive. */
export interface TarMember {
  readonly name: string;
  readonly sizeBytes: number;
  /** When it was last changed, in seconds since the Unix epoch. */
  readonly timeSeconds: number;
}

/** The header of an ordinary file. Fails with `settings-invalid` when the name is longer than a header can hold. */
export function tarHeader(member: TarMember): Buffer<ArrayBuffer> {
  return withChecksum(commonHeader(member, REGULAR, POSIX_MAGIC));
}

/**
 * The header of a file with holes: the data of these ranges follow, one after the other. `member.sizeBytes` is the
 * file's whole size. All ranges but the last are whole blocks.
 */
export function sparseTarHeader(member: TarMember, ranges: readonly Range[]): Buffer<ArrayBuffer> {
  const dataBytes = ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  // As GNU tar does it, the map ends at the file's end, with an entry of no length if there is a hole.
  const entries = [...ranges, { startBytes: member.sizeBytes, lengthBytes: 0 }];
  const header = commonHeader({ ...member, sizeBytes: dataBytes }, SPARSE, GNU_MAGIC);
  writeEntries(header, SPARSE_PLACE, entries.slice(0, FIRST_ENTRIES));
  header.writeUInt8(entries.length > FIRST_ENTRIES ? 1 : 0, SPARSE_PLACE + FIRST_ENTRIES * ENTRY_BYTES);
  writeNumber(header, SPARSE_PLACE + FIRST_ENTRIES * ENTRY_BYTES + 1, 12, member.sizeBytes);
  const blocks = [withChecksum(header)];
  for (let first = FIRST_ENTRIES; first < entries.length; first += MORE_ENTRIES) {
    const block = Buffer.alloc(TAR_BLOCK_BYTES);
    writeEntries(block, 0, entries.slice(first, first + MORE_ENTRIES));
    block.writeUInt8(first + MORE_ENTRIES < entries.length ? 1 : 0, MORE_ENTRIES * ENTRY_BYTES);
    blocks.push(block);
  }
  return Buffer.concat(blocks);
}

/** What fills a file up to whole blocks. */
export function tarPadding(sizeBytes: number): Buffer<ArrayBuffer> {
  return Buffer.alloc((TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}

/** What ends an archive. */
export function tarEnd(): Buffer<ArrayBuffer> {
  return Buffer.alloc(2 * TAR_BLOCK_BYTES);
}

function commonHeader(
  { name, sizeBytes, timeSeconds }: TarMember,
  type: string,
  magic: string,
): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  if (Buffer.byteLength(name) > NAME_BYTES) {
    throw new BuilderError('settings-invalid', `${name} is too long a name for a file in an archive`, {
      hint: `choose a shorter name for the images; an archive's limit is ${NAME_BYTES} bytes with the extension`,
    });
  }
  header.write(name, 0, 'utf8');
  writeNumber(header, 100, 8, 0o644);
  writeNumber(header, 108, 8, 0);
  writeNumber(header, 116, 8, 0);
  writeNumber(header, 124, 12, sizeBytes);
  writeNumber(header, 136, 12, timeSeconds);
  header.write(type, 156, 'latin1');
  header.write(magic, 257, 'latin1');
  header.write('root', 265, 'latin1');
  header.write('root', 297, 'latin1');
  return header;
}

/** The sum of all bytes, with blanks in its own place; six digits, a NUL and a blank. */
function withChecksum(header: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
  header.fill(' ', CHECKSUM_PLACE, CHECKSUM_PLACE + 8);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM_PLACE, 'latin1');
  return header;
}

function writeEntries(block: Buffer, place: number, entries: readonly Range[]): void {
  for (const [index, { startBytes, lengthBytes }] of entries.entries()) {
    writeNumber(block, place + index * ENTRY_BYTES, 12, startBytes);
    writeNumber(block, place + index * ENTRY_BYTES + 12, 12, lengthBytes);
  }
}

/** Octal digits with a NUL; a number with too many of them as GNU tar and POSIX's later tools write it, in binary. */
function writeNumber(block: Buffer, place: number, length: number, value: number): void {
  const digits = value.toString(8);
  if (digits.length < length) {
    block.write(digits.padStart(length - 1, '0'), place, 'latin1');
    return;
  }
  block.writeUInt8(0x80, place);
  block.writeBigUInt64BE(BigInt(value), place + length - 8);
}
