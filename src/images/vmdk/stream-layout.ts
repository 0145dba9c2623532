/**
 * The layout of a stream-optimized VMDK by VMware's "Virtual Disk Format 5.0": a header, the descriptor, then
 * compressed grains in the order of the disk, each behind a marker; after the grains of each grain table that table;
 * then the grain directory, a footer (the header again, which knows where the directory is) and the end-of-stream
 * marker. Nothing is ever changed once it is written, so that it can go through a pipe. Numbers are little-endian,
 * places and sizes are in sectors.
 */

import { BuilderError } from '../../errors.ts';

export const SECTOR_BYTES = 512;
export const GRAIN_BYTES = 64 * 1024;
const GRAIN_SECTORS = GRAIN_BYTES / SECTOR_BYTES;
/** Entries of a grain table; VMware's own library takes no other number. */
const TABLE_ENTRIES = 512;
const ENTRY_BYTES = 4;

const MAGIC = 0x564d444b; // "KDMV"
const VERSION = 3;
/** Line ends can be tested; grains are compressed; there are markers. */
const FLAGS = 0x1 | 0x1_0000 | 0x2_0000;
const DEFLATE = 1;
/** Instead of the directory's place: it is in the footer. */
const DIRECTORY_AT_END = 0xffff_ffff_ffff_ffffn;
const DESCRIPTOR_OFFSET = 1;
const DESCRIPTOR_SECTORS = 20;
/** Where the first grain starts: a whole number of grains, as VMware writes it. */
const OVERHEAD_SECTORS = GRAIN_SECTORS;

const END_OF_STREAM = 0;
const GRAIN_TABLE = 1;
const GRAIN_DIRECTORY = 2;
const FOOTER = 3;
const GRAIN_MARKER_BYTES = 12;

/** The last place that an entry of a grain table can name. */
const LARGEST_SECTOR = 0xffff_ffff;

/**
 * Encodes a disk piece by piece: `start`, each grain that has data in the order of the disk, `finish`. What they
 * return is the file, one after the other.
 */
export class StreamLayout {
  readonly #capacitySectors: number;
  readonly #directory: Uint32Array;
  #table = new Uint32Array(TABLE_ENTRIES);
  /** The table that grains are entered into; -1 before the first grain. */
  #tableIndex = -1;
  #nextGrain = 0;
  #positionSectors = 0;

  /** `sizeBytes` is the disk's size, in whole sectors. */
  constructor(sizeBytes: number) {
    this.#capacitySectors = sizeBytes / SECTOR_BYTES;
    const grains = Math.ceil(sizeBytes / GRAIN_BYTES);
    this.#directory = new Uint32Array(Math.ceil(grains / TABLE_ENTRIES));
  }

  /** The header and the descriptor, which must fit into its 10 KiB. */
  start(descriptor: string): readonly Buffer[] {
    const text = Buffer.alloc((OVERHEAD_SECTORS - DESCRIPTOR_OFFSET) * SECTOR_BYTES);
    if (Buffer.byteLength(descriptor) > DESCRIPTOR_SECTORS * SECTOR_BYTES) {
      throw new RangeError('the descriptor is too long');
    }
    text.write(descriptor, 'utf8');
    return this.#placed([this.#header(DIRECTORY_AT_END), text]);
  }

  /** One grain, compressed by zlib. `index` counts the grains of the disk, and grows from call to call. */
  grain(index: number, deflated: Uint8Array): readonly Buffer[] {
    if (index < this.#nextGrain)
      throw new RangeError(`grain ${index} comes after grain ${this.#nextGrain - 1}`);
    this.#nextGrain = index + 1;
    const table = Math.floor(index / TABLE_ENTRIES);
    const before = table === this.#tableIndex ? [] : this.#finishTable();
    this.#tableIndex = table;
    if (this.#positionSectors > LARGEST_SECTOR)
      throw new BuilderError('convert-failed', 'a VMDK cannot hold 2 TiB of compressed data');
    this.#table[index % TABLE_ENTRIES] = this.#positionSectors;
    const marker = Buffer.alloc(GRAIN_MARKER_BYTES);
    marker.writeBigUInt64LE(BigInt(index * GRAIN_SECTORS), 0);
    marker.writeUInt32LE(deflated.length, 8);
    return [
      ...before,
      ...this.#placed([marker, Buffer.from(deflated.buffer, deflated.byteOffset, deflated.length)]),
    ];
  }

  /** What follows the last grain. */
  finish(): readonly Buffer[] {
    const table = this.#finishTable();
    const directoryMarker = this.#marker(GRAIN_DIRECTORY, this.#directory.length * ENTRY_BYTES);
    const place = BigInt(this.#positionSectors);
    const directory = this.#placed([entries(this.#directory)]);
    const footer = [...this.#marker(FOOTER, SECTOR_BYTES), ...this.#placed([this.#header(place)])];
    return [...table, ...directoryMarker, ...directory, ...footer, ...this.#marker(END_OF_STREAM, 0)];
  }

  /** Writes the table that is full or done, if it holds any grain: no table means that all of it is zero. */
  #finishTable(): readonly Buffer[] {
    if (this.#tableIndex === -1) return [];
    const marker = this.#marker(GRAIN_TABLE, TABLE_ENTRIES * ENTRY_BYTES);
    this.#directory[this.#tableIndex] = this.#positionSectors;
    const table = this.#placed([entries(this.#table)]);
    this.#table = new Uint32Array(TABLE_ENTRIES);
    return [...marker, ...table];
  }

  #header(directorySector: bigint): Buffer {
    const header = Buffer.alloc(SECTOR_BYTES);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt32LE(VERSION, 4);
    header.writeUInt32LE(FLAGS, 8);
    header.writeBigUInt64LE(BigInt(this.#capacitySectors), 12);
    header.writeBigUInt64LE(BigInt(GRAIN_SECTORS), 20);
    header.writeBigUInt64LE(BigInt(DESCRIPTOR_OFFSET), 28);
    header.writeBigUInt64LE(BigInt(DESCRIPTOR_SECTORS), 36);
    header.writeUInt32LE(TABLE_ENTRIES, 44);
    // At 48 the second directory, which a stream has not.
    header.writeBigUInt64LE(directorySector, 56);
    header.writeBigUInt64LE(BigInt(OVERHEAD_SECTORS), 64);
    // At 72 whether it was left in the middle of a change. The four bytes behind show what a transfer as text broke.
    header.write('\n \r\n', 73, 'latin1');
    header.writeUInt16LE(DEFLATE, 77);
    return header;
  }

  #marker(type: number, followingBytes: number): readonly Buffer[] {
    const marker = Buffer.alloc(SECTOR_BYTES);
    marker.writeBigUInt64LE(BigInt(Math.ceil(followingBytes / SECTOR_BYTES)), 0);
    marker.writeUInt32LE(type, 12);
    return this.#placed([marker]);
  }

  /** Fills up to whole sectors, and counts them. */
  #placed(parts: readonly Buffer[]): readonly Buffer[] {
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    const sectors = Math.ceil(bytes / SECTOR_BYTES);
    this.#positionSectors += sectors;
    const padding = sectors * SECTOR_BYTES - bytes;
    return padding === 0 ? parts : [...parts, Buffer.alloc(padding)];
  }
}

function entries(numbers: Uint32Array): Buffer {
  const bytes = Buffer.alloc(numbers.length * ENTRY_BYTES);
  for (const [index, number] of numbers.entries()) bytes.writeUInt32LE(number, index * ENTRY_BYTES);
  return bytes;
}
