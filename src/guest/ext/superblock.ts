import { damaged, unclean, unknown } from '../guest-errors.ts';
import { COMPATIBLE, INCOMPATIBLE, READ_ONLY, unreadableFeatures } from './features.ts';

/** Where it lies in the file system, whatever the size of its blocks. */
export const SUPERBLOCK_PLACE = { offsetBytes: 1024, lengthBytes: 1024 } as const;

const MAGIC = 0xef53;
const LARGEST_BLOCK_LOG = 6; // 64 KiB
const OLD_INODE_BYTES = 128;
const OLD_DESCRIPTOR_BYTES = 32;

/** What the superblock tells of a file system, checked: every number in it is possible. */
export interface Superblock {
  readonly blockBytes: number;
  readonly blocks: number;
  readonly freeBlocks: number;
  readonly inodes: number;
  readonly freeInodes: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  readonly inodeBytes: number;
  readonly firstDataBlock: number;
  readonly descriptorBytes: number;
  /** With meta block groups, those from this one on have their descriptors among themselves. */
  readonly firstMetaGroup: number | undefined;
  /** Whether a group has a copy of the superblock in front. */
  readonly hasSuperblock: (group: number) => boolean;
  /** Whether names in directories carry the type of their file, in a byte that is else part of the length. */
  readonly hasFileTypes: boolean;
  /** Whether folders may be larger than 4 GiB. */
  readonly hasLargeFolders: boolean;
}

/**
 * Reads a superblock, as the kernel lays it out (super.rst). `sizeBytes` is that of the partition.
 * Fails with `guest-unknown`, `guest-unclean` or `guest-damaged`.
 */
export function parseSuperblock(bytes: Buffer, name: string, sizeBytes: number): Superblock {
  if (bytes.readUInt16LE(0x38) !== MAGIC) throw damaged(name, 'its superblock has no magic number');
  // Revision 0 has neither features nor inodes of another size.
  const isOld = bytes.readUInt32LE(0x4c) === 0;
  const incompatible = isOld ? 0 : bytes.readUInt32LE(0x60);
  refuseFeatures(incompatible, name);
  const has64Bits = (incompatible & INCOMPATIBLE.bits64) !== 0;
  const high = (offset: number): number => (has64Bits ? bytes.readUInt32LE(offset) * 2 ** 32 : 0);
  const superblock: Superblock = {
    blockBytes: 1024 * 2 ** Math.min(bytes.readUInt32LE(0x18), LARGEST_BLOCK_LOG + 1),
    blocks: bytes.readUInt32LE(0x4) + high(0x150),
    freeBlocks: bytes.readUInt32LE(0xc) + high(0x158),
    inodes: bytes.readUInt32LE(0x0),
    freeInodes: bytes.readUInt32LE(0x10),
    blocksPerGroup: bytes.readUInt32LE(0x20),
    inodesPerGroup: bytes.readUInt32LE(0x28),
    inodeBytes: isOld ? OLD_INODE_BYTES : bytes.readUInt16LE(0x58),
    firstDataBlock: bytes.readUInt32LE(0x14),
    descriptorBytes: has64Bits ? bytes.readUInt16LE(0xfe) : OLD_DESCRIPTOR_BYTES,
    firstMetaGroup:
      (incompatible & INCOMPATIBLE.metaBlockGroups) === 0 ? undefined : bytes.readUInt32LE(0x104),
    hasSuperblock: superblockCopies(bytes, isOld),
    hasFileTypes: (incompatible & INCOMPATIBLE.fileType) !== 0,
    hasLargeFolders: (incompatible & INCOMPATIBLE.largeDirectories) !== 0,
  };
  const wrong = wrongNumber(superblock, sizeBytes);
  if (wrong !== undefined) throw damaged(name, `its superblock says ${wrong}`);
  return superblock;
}

function refuseFeatures(incompatible: number, name: string): void {
  const [feature] = unreadableFeatures(incompatible);
  if (feature !== undefined) {
    throw unknown(name, `its ext file system has the feature ${feature}, which is not read`);
  }
  if ((incompatible & INCOMPATIBLE.recover) !== 0) throw unclean(name);
}

/** The first thing that cannot be. */
function wrongNumber(superblock: Superblock, sizeBytes: number): string | undefined {
  const { blockBytes, blocks, inodes, blocksPerGroup, inodesPerGroup, inodeBytes, descriptorBytes } =
    superblock;
  const groups = Math.ceil((blocks - superblock.firstDataBlock) / blocksPerGroup);
  const checks: readonly (readonly [boolean, string])[] = [
    [blockBytes <= 1024 * 2 ** LARGEST_BLOCK_LOG, 'that its blocks are larger than 64 KiB'],
    [blocks * blockBytes <= sizeBytes, `it has ${blocks * blockBytes} bytes, where ${sizeBytes} are`],
    [blocksPerGroup > 0 && blocks > superblock.firstDataBlock, 'that it has no blocks'],
    [superblock.freeBlocks <= blocks, 'that more blocks are free than there are'],
    [inodesPerGroup > 0 && inodesPerGroup <= blockBytes * 8, `${inodesPerGroup} inodes a group`],
    [inodes > 0 && inodes <= groups * inodesPerGroup, `${inodes} inodes in ${groups} groups`],
    [superblock.freeInodes <= inodes, 'that more inodes are free than there are'],
    [isPower(inodeBytes, OLD_INODE_BYTES, blockBytes), `${inodeBytes} bytes an inode`],
    [isPower(descriptorBytes, OLD_DESCRIPTOR_BYTES, 1024), `${descriptorBytes} bytes a group descriptor`],
  ];
  return checks.find(([isRight]) => !isRight)?.[1];
}

/** Whether a number is a power of two between two others. */
function isPower(value: number, least: number, most: number): boolean {
  return value >= least && value <= most && (value & (value - 1)) === 0;
}

/** Which groups have a copy of the superblock: all, or only those that can be found by their numbers. */
function superblockCopies(bytes: Buffer, isOld: boolean): (group: number) => boolean {
  const compatible = isOld ? 0 : bytes.readUInt32LE(0x5c);
  const readOnly = isOld ? 0 : bytes.readUInt32LE(0x64);
  if ((compatible & COMPATIBLE.sparseSuper2) !== 0) {
    const copies = [0, bytes.readUInt32LE(0x24c), bytes.readUInt32LE(0x250)];
    return (group) => copies.includes(group);
  }
  if ((readOnly & READ_ONLY.sparseSuper) === 0) return () => true;
  return (group) => group <= 1 || [3, 5, 7].some((base) => isPowerOf(base, group));
}

function isPowerOf(base: number, value: number): boolean {
  let power = base;
  while (power < value) power *= base;
  return power === value;
}
