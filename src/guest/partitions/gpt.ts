import { crc32 } from '../../system/crc32.ts';

/** UEFI specification 2.10, section 5.3: GUID partition table. All numbers are little-endian. */
const SIGNATURE = 'EFI PART';
const HEADER_BYTES = 92;
/** Tables have 128 entries of 128 bytes; the specification allows more. */
const MOST_TABLE_BYTES = 1024 * 1024;
const ENTRY_BYTES = 128;

/** A partition in the disk's own sectors. */
export interface SectorRange {
  readonly number: number;
  readonly firstSector: number;
  readonly sectors: number;
  /** Of a GPT: what it is for, as a GUID in lower case. */
  readonly type?: string;
}

/** Where the table of a disk lies, and how it is proven. */
export interface GptHeader {
  readonly tableSector: number;
  readonly entries: number;
  readonly entryBytes: number;
  readonly tableCrc: number;
}

/** Reads the sector that has the header; undefined when there is none, a text when it is damaged. */
export function parseGptHeader(sector: Buffer): GptHeader | string | undefined {
  if (sector.length < HEADER_BYTES || sector.toString('latin1', 0, SIGNATURE.length) !== SIGNATURE) {
    return undefined;
  }
  const headerBytes = sector.readUInt32LE(12);
  if (headerBytes < HEADER_BYTES || headerBytes > sector.length) return 'the GPT header has no valid length';
  const header = Buffer.from(sector.subarray(0, headerBytes));
  // Its checksum is made over itself with a checksum of zero.
  header.writeUInt32LE(0, 16);
  if (crc32(header) !== sector.readUInt32LE(16)) return 'the GPT header has a wrong checksum';
  const entries = sector.readUInt32LE(80);
  const entryBytes = sector.readUInt32LE(84);
  if (entryBytes < ENTRY_BYTES || entries * entryBytes > MOST_TABLE_BYTES) {
    return `the GPT says it has ${entries} entries of ${entryBytes} bytes`;
  }
  const tableSector = Number(sector.readBigUInt64LE(72));
  return { tableSector, entries, entryBytes, tableCrc: sector.readUInt32LE(88) };
}

/** Reads the entries that are in use; a text when the table is damaged. */
export function parseGptTable(
  table: Buffer,
  { entries, entryBytes, tableCrc }: GptHeader,
): readonly SectorRange[] | string {
  if (crc32(table) !== tableCrc) return 'the GPT has a wrong checksum';
  const used: SectorRange[] = [];
  for (let index = 0; index < entries; index += 1) {
    const entry = table.subarray(index * entryBytes, (index + 1) * entryBytes);
    const isUnused = entry.subarray(0, 16).every((byte) => byte === 0);
    if (isUnused) continue;
    const firstSector = Number(entry.readBigUInt64LE(32));
    const sectors = Number(entry.readBigUInt64LE(40)) - firstSector + 1;
    if (sectors < 1) return `partition ${index + 1} ends before it begins`;
    used.push({ number: index + 1, firstSector, sectors, type: guidText(entry) });
  }
  return used;
}

/** A GUID as people write it: its first three groups are little-endian, the others are not (UEFI, appendix A). */
function guidText(bytes: Buffer): string {
  const groups = [
    bytes.readUInt32LE(0).toString(16).padStart(8, '0'),
    bytes.readUInt16LE(4).toString(16).padStart(4, '0'),
    bytes.readUInt16LE(6).toString(16).padStart(4, '0'),
    bytes.toString('hex', 8, 10),
    bytes.toString('hex', 10, 16),
  ];
  return groups.join('-');
}
