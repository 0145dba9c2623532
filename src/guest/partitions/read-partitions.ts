import { type ByteSource, partOf, readUpTo } from '../byte-source.ts';
import { damaged } from '../guest-errors.ts';
import { parseGptHeader, parseGptTable, type SectorRange } from './gpt.ts';
import { MBR_SECTOR_BYTES, type MbrEntry, parseMbr } from './mbr.ts';

/** Disks with sectors of 4096 bytes count in those. */
const SECTOR_SIZES = [512, 4096];
/** Linux numbers no more. */
const MOST_LOGICAL = 256;

/** A stretch of a disk that its partition table names. */
export interface Partition extends ByteSource {
  readonly number: number;
  readonly startBytes: number;
  /** Of a GPT: what it is for, as a GUID in lower case. */
  readonly type?: string;
}

/** The type of a partition that UEFI starts from (UEFI specification, 5.3.3). */
export const EFI_SYSTEM_TYPE = 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b';

/**
 * Reads a disk's partition table: GPT, or MBR with its logical partitions. Empty when there is none.
 * Fails with `guest-damaged`.
 */
export async function readPartitions(disk: ByteSource): Promise<readonly Partition[]> {
  for (const sectorBytes of SECTOR_SIZES) {
    const ranges = await readGpt(disk, sectorBytes);
    if (ranges !== undefined) return toPartitions(disk, ranges, sectorBytes);
  }
  const entries = parseMbr(await readUpTo(disk, 0, MBR_SECTOR_BYTES)) ?? [];
  if (entries.some(({ kind }) => kind === 'protective')) {
    throw damaged(disk.name, 'its MBR belongs to a GPT, and the GPT is not there');
  }
  const logical = await Promise.all(
    entries.filter(({ kind }) => kind === 'extended').map((extended) => readLogical(disk, extended)),
  );
  const primary = entries.filter(({ kind }) => kind === 'partition');
  return toPartitions(disk, [...primary, ...logical.flat()], MBR_SECTOR_BYTES);
}

function toPartitions(
  disk: ByteSource,
  ranges: readonly SectorRange[],
  sectorBytes: number,
): readonly Partition[] {
  return ranges.map(({ number, firstSector, sectors, type }) => {
    const startBytes = firstSector * sectorBytes;
    const name = `partition ${number} of ${disk.name}`;
    const part = partOf(disk, { name, startBytes, sizeBytes: sectors * sectorBytes });
    return { ...part, number, startBytes, ...(type === undefined ? {} : { type }) };
  });
}

async function readGpt(disk: ByteSource, sectorBytes: number): Promise<readonly SectorRange[] | undefined> {
  const header = parseGptHeader(await readUpTo(disk, sectorBytes, sectorBytes));
  if (header === undefined) return undefined;
  if (typeof header === 'string') throw damaged(disk.name, header);
  const tableBytes = header.entries * header.entryBytes;
  const table = parseGptTable(await readUpTo(disk, header.tableSector * sectorBytes, tableBytes), header);
  if (typeof table === 'string') throw damaged(disk.name, table);
  return table;
}

/**
 * The logical partitions inside of an extended one are a chain of sectors, each with a partition (counted from that
 * sector on) and the next of the chain (counted from the extended partition's beginning on). They are numbered from 5.
 */
async function readLogical(disk: ByteSource, extended: MbrEntry): Promise<readonly SectorRange[]> {
  const found: SectorRange[] = [];
  let sector = extended.firstSector;
  for (let links = 0; links < MOST_LOGICAL; links += 1) {
    const entries = parseMbr(await readUpTo(disk, sector * MBR_SECTOR_BYTES, MBR_SECTOR_BYTES));
    if (entries === undefined) throw damaged(disk.name, 'the chain of its logical partitions is broken');
    const partition = entries.find(({ kind }) => kind === 'partition');
    if (partition !== undefined) {
      found.push({ ...partition, number: 5 + found.length, firstSector: sector + partition.firstSector });
    }
    const next = entries.find(({ kind }) => kind === 'extended');
    if (next === undefined) return found;
    sector = extended.firstSector + next.firstSector;
  }
  throw damaged(disk.name, 'the chain of its logical partitions does not end');
}
