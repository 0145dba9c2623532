import type { BuilderError } from '../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { CachedSource } from '../cached-source.ts';
import { damaged } from '../guest-errors.ts';
import { parseSuperblock, type Superblock, SUPERBLOCK_PLACE } from './superblock.ts';

const ROOM_FOR_64_BITS = 64;

/** The blocks of an ext file system, and where its inodes lie among them. */
export class Volume {
  readonly superblock: Superblock;
  readonly #source: ByteSource;
  readonly #cached: CachedSource;

  private constructor(cached: CachedSource, superblock: Superblock) {
    this.superblock = superblock;
    this.#source = cached.source;
    this.#cached = cached;
  }

  /** Fails as `parseSuperblock` does. */
  static async open(source: ByteSource): Promise<Volume> {
    const cached = new CachedSource(source);
    const { offsetBytes, lengthBytes } = SUPERBLOCK_PLACE;
    const bytes = await cached.bytes(offsetBytes, lengthBytes);
    return new Volume(cached, parseSuperblock(bytes, source.name, source.sizeBytes));
  }

  damaged(what: string): BuilderError {
    return damaged(this.#source.name, what);
  }

  /** One block, to look at, not to keep. */
  async block(place: number): Promise<Buffer> {
    const { blockBytes } = this.superblock;
    this.requireInside(place, 1);
    return this.#cached.bytes(place * blockBytes, blockBytes);
  }

  /** The bytes of blocks that follow each other, to look at, not to keep; for few of them. */
  data(place: number, lengthBytes: number): Promise<Buffer> {
    return this.#cached.bytes(place * this.superblock.blockBytes, lengthBytes);
  }

  /** Fills a buffer from a block on, past what is kept of small reads. */
  read(place: number, target: Buffer): Promise<void> {
    return this.#source.read(place * this.superblock.blockBytes, target);
  }

  /** Refuses blocks that the file system does not have. Block 0 never belongs to a file. */
  requireInside(place: number, count: number): void {
    if (place > 0 && place + count <= this.superblock.blocks) return;
    throw this.damaged(`something leads to block ${place}, of ${this.superblock.blocks}`);
  }

  /** The bytes of an inode, to look at, not to keep. */
  async inodeBytes(number: number): Promise<Buffer> {
    const { inodes, inodesPerGroup, inodeBytes, blockBytes } = this.superblock;
    if (number < 1 || number > inodes) throw this.damaged(`something leads to inode ${number}, of ${inodes}`);
    const group = Math.floor((number - 1) / inodesPerGroup);
    const offsetBytes = ((number - 1) % inodesPerGroup) * inodeBytes;
    const table = await this.#inodeTable(group);
    const place = table + Math.floor(offsetBytes / blockBytes);
    const start = offsetBytes % blockBytes;
    return (await this.block(place)).subarray(start, start + inodeBytes);
  }

  /** The block at which a group's table of inodes begins (group_descr.rst). */
  async #inodeTable(group: number): Promise<number> {
    const { blockBytes, descriptorBytes } = this.superblock;
    const inBlock = blockBytes / descriptorBytes;
    const block = await this.block(this.#descriptorBlock(Math.floor(group / inBlock), inBlock));
    const descriptor = block.subarray((group % inBlock) * descriptorBytes);
    const high = descriptorBytes >= ROOM_FOR_64_BITS ? descriptor.readUInt32LE(0x28) : 0;
    return high * 2 ** 32 + descriptor.readUInt32LE(0x8);
  }

  /** All descriptors lie behind the superblock, or, from a meta group on, each block of them in front of its own groups. */
  #descriptorBlock(index: number, inBlock: number): number {
    const { blockBytes, firstMetaGroup, firstDataBlock, blocksPerGroup, hasSuperblock } = this.superblock;
    // Also where blocks of 1 KiB are counted from 0 (bigalloc): the superblock is at byte 1024.
    const superblock = Math.floor(SUPERBLOCK_PLACE.offsetBytes / blockBytes);
    if (firstMetaGroup === undefined || index < firstMetaGroup) return superblock + 1 + index;
    const group = index * inBlock;
    return firstDataBlock + group * blocksPerGroup + (hasSuperblock(group) ? 1 : 0);
  }
}
