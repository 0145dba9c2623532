import { inflateSync } from 'node:zlib';

/**
 * Reads a stream-optimized VMDK by VMware's "Virtual Disk Format 5.0", twice: by its tables, as a machine does, and
 * by its markers from the beginning to the end, as an import does. For tests: it knows nothing of the writer.
 */

const SECTOR = 512;
const NO_DIRECTORY_HERE = 0xffff_ffff_ffff_ffffn;

interface Header {
  readonly capacity: number;
  readonly grainSectors: number;
  readonly tableEntries: number;
  readonly directory: bigint;
  readonly overhead: number;
}

function readHeader(file: Buffer, offset: number): Header {
  const at = (place: number): number => Number(file.readBigUInt64LE(offset + place));
  if (file.toString('latin1', offset, offset + 4) !== 'KDMV') throw new Error(`no header at ${offset}`);
  if (file.readUInt32LE(offset + 4) !== 3) throw new Error('the version is not 3');
  if (file.readUInt32LE(offset + 8) !== 0x3_0001) throw new Error('the flags are wrong');
  if (file.toString('latin1', offset + 73, offset + 77) !== '\n \r\n')
    throw new Error('the line ends are broken');
  if (file.readUInt16LE(offset + 77) !== 1) throw new Error('the compression is not deflate');
  return {
    capacity: at(12),
    grainSectors: at(20),
    tableEntries: file.readUInt32LE(offset + 44),
    directory: file.readBigUInt64LE(offset + 56),
    overhead: at(64),
  };
}

/** The disk's size, and its grains by index. */
export function readStreamVmdk(file: Buffer): {
  readonly sizeBytes: number;
  readonly grains: ReadonlyMap<number, Buffer>;
} {
  if (readHeader(file, 0).directory !== NO_DIRECTORY_HERE)
    throw new Error('the directory is not in the footer');
  // The last sector is the end-of-stream marker, the one before it the footer.
  const { capacity, grainSectors, tableEntries, directory } = readHeader(file, file.length - 2 * SECTOR);
  const grains = new Map<number, Buffer>();
  const count = Math.ceil(capacity / grainSectors);
  for (let index = 0; index < count; index += 1) {
    const table = file.readUInt32LE(Number(directory) * SECTOR + 4 * Math.floor(index / tableEntries));
    const grain = table === 0 ? 0 : file.readUInt32LE(table * SECTOR + 4 * (index % tableEntries));
    if (grain === 0) continue;
    const marker = readGrain(file, grain * SECTOR);
    if (marker.sector !== index * grainSectors) throw new Error(`grain ${index} says that it is another one`);
    grains.set(index, marker.content);
  }
  return { sizeBytes: capacity * SECTOR, grains };
}

/** The grains in the order of the file, by index. */
export function* walkStreamVmdk(file: Buffer): Generator<[number, Buffer]> {
  const { overhead, grainSectors } = readHeader(file, 0);
  let sector = overhead;
  for (;;) {
    const offset = sector * SECTOR;
    const size = file.readUInt32LE(offset + 8);
    if (size > 0) {
      const grain = readGrain(file, offset);
      yield [grain.sector / grainSectors, grain.content];
      sector += Math.ceil((12 + size) / SECTOR);
      continue;
    }
    if (file.readUInt32LE(offset + 12) === 0) break;
    sector += 1 + Number(file.readBigUInt64LE(offset));
  }
  if ((sector + 1) * SECTOR !== file.length) throw new Error('something follows the end of the stream');
}

function readGrain(file: Buffer, offset: number): { readonly sector: number; readonly content: Buffer } {
  const size = file.readUInt32LE(offset + 8);
  return {
    sector: Number(file.readBigUInt64LE(offset)),
    content: inflateSync(file.subarray(offset + 12, offset + 12 + size)),
  };
}
