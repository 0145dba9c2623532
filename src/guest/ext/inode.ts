/** What a file is: inodes.rst, "i_mode". */
export type FileType = 'file' | 'folder' | 'link' | 'character-device' | 'block-device' | 'pipe' | 'socket';

const TYPES: ReadonlyMap<number, FileType> = new Map([
  [0x1, 'pipe'],
  [0x2, 'character-device'],
  [0x4, 'folder'],
  [0x6, 'block-device'],
  [0x8, 'file'],
  [0xa, 'link'],
  [0xc, 'socket'],
]);

const FLAG_EXTENTS = 0x80000;
const FLAG_INLINE = 0x10000000;

/** Where the inode holds what its file is made of; each kind of file in a way of its own. */
const CONTENT = { offsetBytes: 0x28, lengthBytes: 60 } as const;
/** Inodes of this size have no attributes inside. */
const SMALL_INODE_BYTES = 128;

/** A file, whatever its names are. */
export interface Inode {
  readonly number: number;
  readonly type: FileType;
  /** Permission bits, with set-uid, set-gid and sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** Names that lead to it. */
  readonly links: number;
  /** What `content` is: a tree of extents, a map of blocks, or the file itself. */
  readonly form: 'extents' | 'map' | 'inline';
  /** 60 bytes. */
  readonly content: Buffer;
  /** Extended attributes inside of the inode; may be empty. */
  readonly attributes: Buffer;
}

/** Reads an inode (inodes.rst); undefined when nothing is there that a name may lead to. */
export function parseInode(bytes: Buffer, number: number, hasLargeFolders: boolean): Inode | undefined {
  const mode = bytes.readUInt16LE(0x0);
  const type = TYPES.get(mode >> 12);
  const links = bytes.readUInt16LE(0x1a);
  if (type === undefined || links === 0) return undefined;
  const flags = bytes.readUInt32LE(0x20);
  // In others the upper half means something else.
  const isLarge = type === 'file' || (type === 'folder' && hasLargeFolders);
  const sizeHigh = isLarge ? bytes.readUInt32LE(0x6c) : 0;
  const { offsetBytes, lengthBytes } = CONTENT;
  return {
    number,
    type,
    mode: mode & 0o7777,
    uid: bytes.readUInt16LE(0x2) + bytes.readUInt16LE(0x78) * 2 ** 16,
    gid: bytes.readUInt16LE(0x18) + bytes.readUInt16LE(0x7a) * 2 ** 16,
    sizeBytes: sizeHigh * 2 ** 32 + bytes.readUInt32LE(0x4),
    links,
    form: (flags & FLAG_INLINE) !== 0 ? 'inline' : (flags & FLAG_EXTENTS) !== 0 ? 'extents' : 'map',
    // Copied: the bytes are a view of much more.
    content: Buffer.from(bytes.subarray(offsetBytes, offsetBytes + lengthBytes)),
    attributes: attributesOf(bytes),
  };
}

function attributesOf(bytes: Buffer): Buffer {
  if (bytes.length <= SMALL_INODE_BYTES) return Buffer.alloc(0);
  return Buffer.from(bytes.subarray(SMALL_INODE_BYTES + bytes.readUInt16LE(SMALL_INODE_BYTES)));
}

/** `8:1`, for the inode of a device: in the old form in the first 4 bytes, else in the second (Linux: kdev_t.h). */
export function deviceNumbers({ content }: Inode): string {
  const old = content.readUInt16LE(0);
  if (old !== 0) return `${old >> 8}:${old & 0xff}`;
  const number = content.readUInt32LE(4);
  return `${(number >> 8) & 0xfff}:${(number & 0xff) | ((number >> 12) & 0xfff00)}`;
}
