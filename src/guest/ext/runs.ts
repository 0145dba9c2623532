import type { Volume } from './volume.ts';

/** A stretch of a file, in blocks: which of the file's, how many, and where they lie. */
export interface Run {
  readonly block: number;
  readonly count: number;
  /** Undefined for blocks that belong to the file and were never written: they read as zeros. */
  readonly place: number | undefined;
}

/**
 * Counts the blocks that a file takes. Each belongs to one file and has one place in it, so that no file takes more
 * than there are: a damaged tree that leads in circles, or to the same blocks again and again, ends here.
 */
export class BlockBudget {
  readonly #volume: Volume;
  #left: number;

  constructor(volume: Volume) {
    this.#volume = volume;
    this.#left = volume.superblock.blocks;
  }

  /** Takes blocks for a file. Fails with `guest-damaged`. */
  take(place: number, count: number): void {
    this.#volume.requireInside(place, count);
    this.#left -= count;
    if (this.#left < 0) throw this.#volume.damaged('a file takes more blocks than there are');
  }
}
