import type { Inode } from './inode.ts';

/** The attribute that holds what does not fit beside the inode's numbers: inlinedata.rst and attributes.rst. */
const MAGIC = 0xea020000;
const ENTRY_BYTES = 16;
const SYSTEM = 7;
const NAME = 'data';

/**
 * The bytes of a file that lies in its inode: the 60 bytes first, then the attribute `system.data`. Those that it lacks
 * are zeros, as for Linux.
 */
export function inlineData({ content, attributes, sizeBytes }: Inode): Buffer {
  return Buffer.concat([content, systemData(attributes)]).subarray(0, sizeBytes);
}

function systemData(attributes: Buffer): Buffer {
  const none = Buffer.alloc(0);
  if (attributes.length < 4 || attributes.readUInt32LE(0) !== MAGIC) return none;
  // Offsets of values are counted from here.
  const table = attributes.subarray(4);
  let place = 0;
  while (place + ENTRY_BYTES <= table.length && table.readUInt32LE(place) !== 0) {
    const nameBytes = table.readUInt8(place);
    const name = table.toString('latin1', place + ENTRY_BYTES, place + ENTRY_BYTES + nameBytes);
    if (table.readUInt8(place + 1) === SYSTEM && name === NAME) {
      const start = table.readUInt16LE(place + 2);
      return table.subarray(start, start + table.readUInt32LE(place + 8));
    }
    place += ENTRY_BYTES + Math.ceil(nameBytes / 4) * 4;
  }
  return none;
}
