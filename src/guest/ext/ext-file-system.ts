import type { ByteSource } from '../byte-source.ts';
import { mappedRuns } from './block-map.ts';
import { type FolderEntry, parseFolderBlock } from './directory.ts';
import { extentRuns } from './extents.ts';
import { type Inode, parseInode } from './inode.ts';
import { inlineData } from './inline-data.ts';
import { BlockBudget, type Run } from './runs.ts';
import { Volume } from './volume.ts';

/** The root folder's inode, always. */
const ROOT_INODE = 2;
/** A file comes in pieces of this size at most; a multiple of every block size. */
const PIECE_BYTES = 1024 * 1024;
/** Shorter stretches are read with their neighbours. */
const SMALL_BYTES = 64 * 1024;
const ZEROS = Buffer.alloc(PIECE_BYTES);
/** Blocks of a file have numbers of 32 bits. */
const MOST_BLOCKS = 2 ** 32;
/** Linux takes no longer target (PATH_MAX). */
const LONGEST_TARGET_BYTES = 4096;
/** In front of the names of a folder that lies in its inode: the number of the folder above. */
const INLINE_PARENT_BYTES = 4;

/** How full a file system is. */
export interface Usage {
  readonly sizeBytes: number;
  readonly usedBytes: number;
  readonly files: number;
}

/**
 * Reads an ext2, ext3 or ext4 file system that nobody writes to. Whatever it finds in it may be damaged: every method
 * fails with `guest-damaged` then, and ends in any case. It keeps no more than some megabytes.
 */
export class ExtFileSystem {
  readonly #volume: Volume;

  private constructor(volume: Volume) {
    this.#volume = volume;
  }

  /** Fails with `guest-unknown`, `guest-unclean` or `guest-damaged`. */
  static async open(source: ByteSource): Promise<ExtFileSystem> {
    return new ExtFileSystem(await Volume.open(source));
  }

  get usage(): Usage {
    const { blockBytes, blocks, freeBlocks, inodes, freeInodes } = this.#volume.superblock;
    return {
      sizeBytes: blocks * blockBytes,
      usedBytes: (blocks - freeBlocks) * blockBytes,
      files: inodes - freeInodes,
    };
  }

  async root(): Promise<Inode> {
    const root = await this.inode(ROOT_INODE);
    if (root.type !== 'folder') throw this.#volume.damaged('its root is no folder');
    return root;
  }

  /** The file that a name leads to. */
  async inode(number: number): Promise<Inode> {
    const { hasLargeFolders } = this.#volume.superblock;
    const inode = parseInode(await this.#volume.inodeBytes(number), number, hasLargeFolders);
    if (inode === undefined) throw this.#volume.damaged(`a name leads to inode ${number}, which is free`);
    return inode;
  }

  /** The names in a folder, in the order in which they lie there, without `.` and `..`. */
  async *entries(folder: Inode): AsyncGenerator<FolderEntry> {
    for await (const block of this.#folderBlocks(folder)) {
      const entries = parseFolderBlock(block, this.#volume.superblock.hasFileTypes);
      if (typeof entries === 'string') throw this.#volume.damaged(`${entries} (inode ${folder.number})`);
      yield* entries;
    }
  }

  async *#folderBlocks(folder: Inode): AsyncGenerator<Buffer> {
    if (folder.form === 'inline') {
      const bytes = inlineData(folder);
      // Two lists, each filled up by its last entry: beside the inode's numbers, and in the attribute.
      yield bytes.subarray(INLINE_PARENT_BYTES, folder.content.length);
      yield bytes.subarray(folder.content.length);
      return;
    }
    const { blockBytes } = this.#volume.superblock;
    let block = 0;
    for await (const { place, count, ...run } of this.#runs(folder)) {
      // Linux makes no folder with holes.
      if (run.block !== block || place === undefined) break;
      for (; block < run.block + count; block += 1) yield await this.#volume.block(place + block - run.block);
    }
    if (block * blockBytes < folder.sizeBytes) {
      throw this.#volume.damaged(`a folder has a hole (inode ${folder.number})`);
    }
  }

  /** Where a symbolic link leads, as it stands there. */
  async target(link: Inode): Promise<string> {
    const { sizeBytes, form, content } = link;
    if (sizeBytes > LONGEST_TARGET_BYTES) throw this.#volume.damaged(`a link has ${sizeBytes} bytes`);
    if (form === 'map' && sizeBytes < content.length) return content.toString('utf8', 0, sizeBytes);
    const pieces: Buffer[] = [];
    for await (const piece of this.content(link)) pieces.push(piece);
    return Buffer.concat(pieces).toString('utf8');
  }

  /** A file's bytes from the beginning to the end, holes as zeros. Each piece is to look at, not to keep or change. */
  async *content(file: Inode): AsyncGenerator<Buffer> {
    if (file.form === 'inline') {
      const bytes = inlineData(file);
      yield bytes;
      yield* zeros(file.sizeBytes - bytes.length);
      return;
    }
    const { blockBytes } = this.#volume.superblock;
    const buffer = Buffer.allocUnsafe(
      file.sizeBytes < SMALL_BYTES ? 0 : Math.min(file.sizeBytes, PIECE_BYTES),
    );
    let doneBytes = 0;
    for await (const { block, count, place } of this.#runs(file)) {
      if (place === undefined) continue;
      yield* zeros(block * blockBytes - doneBytes);
      const endBytes = Math.min((block + count) * blockBytes, file.sizeBytes);
      for (doneBytes = block * blockBytes; doneBytes < endBytes; ) {
        const lengthBytes = Math.min(PIECE_BYTES, endBytes - doneBytes);
        yield await this.#piece(place + doneBytes / blockBytes - block, lengthBytes, buffer);
        doneBytes += lengthBytes;
      }
    }
    yield* zeros(file.sizeBytes - doneBytes);
  }

  /** Small stretches by way of what is kept, large ones by way of the file's buffer. */
  async #piece(place: number, lengthBytes: number, buffer: Buffer): Promise<Buffer> {
    if (lengthBytes < SMALL_BYTES) return this.#volume.data(place, lengthBytes);
    const target = buffer.subarray(0, lengthBytes);
    await this.#volume.read(place, target);
    return target;
  }

  /** Where a file lies, up to its size, each stretch behind the one before. */
  async *#runs(file: Inode): AsyncGenerator<Run> {
    const blocks = Math.ceil(file.sizeBytes / this.#volume.superblock.blockBytes);
    if (blocks > MOST_BLOCKS) throw this.#volume.damaged(`inode ${file.number} has an impossible size`);
    const budget = new BlockBudget(this.#volume);
    const runs =
      file.form === 'extents'
        ? extentRuns(file.content, this.#volume, budget)
        : mappedRuns(file.content, blocks, this.#volume, budget);
    let next = 0;
    for await (const run of runs) {
      if (run.block < next) throw this.#volume.damaged(`a file overlaps itself (inode ${file.number})`);
      // What lies behind the end was reserved for later.
      if (run.block >= blocks) return;
      next = run.block + run.count;
      yield { ...run, count: Math.min(next, blocks) - run.block };
    }
  }
}

function* zeros(lengthBytes: number): Generator<Buffer> {
  for (let left = lengthBytes; left > 0; left -= PIECE_BYTES) {
    yield ZEROS.subarray(0, Math.min(left, PIECE_BYTES));
  }
}
