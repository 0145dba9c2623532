import { isUtf8 } from 'node:buffer';

/** A name in a folder. */
export interface FolderEntry {
  readonly name: string;
  readonly inode: number;
}

/** Number, length of the entry, length of the name. */
const HEAD_BYTES = 8;
const LARGEST_SHORT_ENTRY = 65535;

/**
 * Reads one block of a folder (directory.rst), without `.` and `..`; a text when it is damaged. Trees of hashes need
 * nothing of their own: their inner blocks pass for one unused entry each, and so do checksums.
 */
export function parseFolderBlock(bytes: Buffer, hasFileTypes: boolean): readonly FolderEntry[] | string {
  const entries: FolderEntry[] = [];
  let place = 0;
  while (place < bytes.length) {
    if (bytes.length - place < HEAD_BYTES) return 'a folder has an entry that is cut off';
    const inode = bytes.readUInt32LE(place);
    const entryBytes = entryLength(bytes.readUInt16LE(place + 4), bytes.length);
    const nameBytes = hasFileTypes ? bytes.readUInt8(place + 6) : bytes.readUInt16LE(place + 6);
    const isPossible = entryBytes >= HEAD_BYTES + nameBytes && entryBytes % 4 === 0;
    if (!isPossible || entryBytes < HEAD_BYTES || place + entryBytes > bytes.length) {
      return 'a folder has an entry of an impossible length';
    }
    const name = nameOf(bytes.subarray(place + HEAD_BYTES, place + HEAD_BYTES + nameBytes));
    place += entryBytes;
    if (inode === 0 || name === '.' || name === '..') continue;
    if (name === '' || /[/\0]/.test(name)) return 'a folder has an impossible name';
    entries.push({ name, inode });
  }
  return entries;
}

/** Blocks of 64 KiB may hold one entry that is as long, which 16 bits cannot say. */
function entryLength(length: number, blockBytes: number): number {
  const isWhole = length === LARGEST_SHORT_ENTRY || length === 0;
  return isWhole && blockBytes > LARGEST_SHORT_ENTRY ? blockBytes : length;
}

/** Names are bytes; those that are no UTF-8 are shown as `ls -b` of another locale does, with `\xff` for their bytes. */
function nameOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  return bytes
    .toString('latin1')
    .replaceAll(/[\x80-\xff]/g, (letter) => `\\x${letter.charCodeAt(0).toString(16)}`);
}
