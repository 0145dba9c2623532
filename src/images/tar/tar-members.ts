import { type FileHandle, open } from 'node:fs/promises';
import type { FilePart } from '../../qemu/disk-file.ts';
import { TAR_BLOCK_BYTES } from './tar-header.ts';

const NAME_BYTES = 100;
const SIZE_PLACE = 124;
const SIZE_BYTES = 12;
const TYPE_PLACE = 156;

/**
 * Finds a member of an uncompressed tar archive by its name, and tells where its content lies: in whole blocks, since QEMU
 * takes no others. Undefined when there is none, or when the file is no such archive.
 */
export async function findTarMember(path: string, name: RegExp): Promise<FilePart | undefined> {
  const file = await open(path);
  try {
    return await search(file, name);
  } finally {
    await file.close();
  }
}

async function search(file: FileHandle, name: RegExp): Promise<FilePart | undefined> {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  for (let place = 0; ; ) {
    const { bytesRead } = await file.read(header, 0, TAR_BLOCK_BYTES, place);
    const sizeBytes = bytesRead === TAR_BLOCK_BYTES ? sizeIn(header) : undefined;
    if (sizeBytes === undefined) return undefined;
    const offsetBytes = place + TAR_BLOCK_BYTES;
    const lengthBytes = Math.ceil(sizeBytes / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
    if (isFile(header) && name.test(nameIn(header))) return { offsetBytes, lengthBytes };
    place = offsetBytes + lengthBytes;
  }
}

function nameIn(header: Buffer): string {
  const end = header.indexOf(0);
  const name = header.toString('utf8', 0, end === -1 ? NAME_BYTES : Math.min(end, NAME_BYTES));
  return name.replace(/^\.\//, '');
}

/** An ordinary file, by its type `0` or, as of old, none; others have names of their own for their files' names. */
function isFile(header: Buffer): boolean {
  const type = header.readUInt8(TYPE_PLACE);
  return type === 0 || type === 0x30;
}

/** Undefined for the block of zeros that ends an archive, and for what is no header. */
function sizeIn(header: Buffer): number | undefined {
  if (!header.toString('latin1', 257, 262).startsWith('ustar')) return undefined;
  // A number with too many octal digits is written in binary.
  if (header.readUInt8(SIZE_PLACE) === 0x80) {
    return Number(header.readBigUInt64BE(SIZE_PLACE + SIZE_BYTES - 8));
  }
  const digits = /^[0-7]+/.exec(header.toString('latin1', SIZE_PLACE, SIZE_PLACE + SIZE_BYTES))?.[0];
  return digits === undefined ? undefined : Number.parseInt(digits, 8);
}
