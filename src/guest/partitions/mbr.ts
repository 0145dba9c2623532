import type { SectorRange } from './gpt.ts';

/** The classic partition table of the PC: four entries at the end of a sector, and a signature. Little-endian. */
export const MBR_SECTOR_BYTES = 512;
const SIGNATURE = 0xaa55;
const TABLE_OFFSET = 446;
const ENTRY_BYTES = 16;

const EXTENDED_TYPES = [0x05, 0x0f, 0x85];
/** Says that the whole disk belongs to a GPT. */
const PROTECTIVE_TYPE = 0xee;

/** An entry that is in use. */
export interface MbrEntry extends SectorRange {
  readonly kind: 'partition' | 'extended' | 'protective';
}

/**
 * The used entries of a sector, numbered from 1; undefined when it holds no partition table. What looks like one must
 * have nothing but 0 or 0x80 for boot marks, as Linux wants it: boot code of a file system ends in the same signature.
 */
export function parseMbr(sector: Buffer): readonly MbrEntry[] | undefined {
  if (sector.length < MBR_SECTOR_BYTES || sector.readUInt16LE(MBR_SECTOR_BYTES - 2) !== SIGNATURE) {
    return undefined;
  }
  const all = [1, 2, 3, 4].map((number) => {
    const entry = sector.subarray(TABLE_OFFSET + (number - 1) * ENTRY_BYTES);
    return {
      number,
      bootMark: entry.readUInt8(0),
      kind: kindOf(entry.readUInt8(4)),
      firstSector: entry.readUInt32LE(8),
      sectors: entry.readUInt32LE(12),
    };
  });
  if (all.some(({ bootMark }) => bootMark !== 0 && bootMark !== 0x80)) return undefined;
  return all.flatMap(({ number, kind, firstSector, sectors }) =>
    kind === 'unused' || sectors === 0 ? [] : [{ number, kind, firstSector, sectors }],
  );
}

function kindOf(type: number): MbrEntry['kind'] | 'unused' {
  if (type === 0) return 'unused';
  if (type === PROTECTIVE_TYPE) return 'protective';
  return EXTENDED_TYPES.includes(type) ? 'extended' : 'partition';
}
