import { type DiskBlock, ZERO_SHA256 } from './block.ts';

/** A block that must be written. */
export interface PlannedBlock extends DiskBlock {
  /** Whether it is all zeros, and need not be read. */
  readonly isZero: boolean;
}

/** What a snapshot stands on. */
export interface ParentBlocks {
  readonly blocks: AsyncIterable<DiskBlock>;
  /** Of its volume, which is not larger. */
  readonly blockCount: number;
}

export interface PlanInput {
  /** The blocks of the disk that are not all zeros, in order. */
  readonly blocks: AsyncIterable<DiskBlock>;
  /** Of the volume: what lies behind the disk's end is zeros. */
  readonly blockCount: number;
  /**
   * Whether blocks of zeros are written too. They must be when the volume is encrypted: there a block that was never
   * written reads as the decryption of zeros, which is noise. A parent then has all of its own, too.
   */
  readonly writesZeros: boolean;
  readonly parent?: ParentBlocks | undefined;
}

/**
 * The blocks to write so that a snapshot reads as the disk: in the order of the disk, each once. Upon a parent only those
 * that differ, and zeros where the parent has data and the disk has none.
 */
export async function* planBlocks({
  blocks,
  blockCount,
  writesZeros,
  parent,
}: PlanInput): AsyncGenerator<PlannedBlock> {
  await using now = new Cursor(blocks);
  await using before = new Cursor(parent?.blocks ?? nothing());
  await now.next();
  await before.next();
  for (let index = 0; index < blockCount; index += 1) {
    if (!writesZeros) {
      // Through the holes of both at once.
      index = Math.min(now.index, before.index);
      if (index >= blockCount) break;
    }
    const [wanted, old] = [now.at(index), before.at(index)];
    if (wanted !== undefined) {
      if (old === undefined || !wanted.equals(old)) yield { index, sha256: wanted, isZero: false };
      await now.next();
    } else if (old !== undefined || (writesZeros && index >= (parent?.blockCount ?? 0))) {
      yield { index, sha256: ZERO_SHA256, isZero: true };
    }
    if (old !== undefined) await before.next();
  }
}

/** How many blocks a plan has. */
export async function countBlocks(plan: AsyncIterable<PlannedBlock>): Promise<number> {
  let count = 0;
  const blocks = plan[Symbol.asyncIterator]();
  while ((await blocks.next()).done !== true) count += 1;
  return count;
}

/** A place in a list of blocks. */
class Cursor implements AsyncDisposable {
  readonly #iterator: AsyncIterator<DiskBlock>;
  #current: DiskBlock | undefined;

  constructor(blocks: AsyncIterable<DiskBlock>) {
    this.#iterator = blocks[Symbol.asyncIterator]();
  }

  /** The index of the block here; infinite behind the last one. */
  get index(): number {
    return this.#current?.index ?? Number.POSITIVE_INFINITY;
  }

  /** The digest of the block here, if it has this index. */
  at(index: number): Buffer | undefined {
    return this.#current?.index === index ? this.#current.sha256 : undefined;
  }

  async next(): Promise<void> {
    const result = await this.#iterator.next();
    this.#current = result.done === true ? undefined : result.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#iterator.return?.();
  }
}

async function* nothing(): AsyncGenerator<DiskBlock> {
  // A disk without data.
}
