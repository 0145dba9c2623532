import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const BLOCK_BYTES = 512 * 1024;

/** The data of all blocks, each kept once, in a file: a disk of gigabytes must not be in memory. */
export class BlockStore {
  readonly #folder = mkdtempSync(join(tmpdir(), 'nb-aws-'));
  readonly #file = openSync(join(this.#folder, 'blocks'), 'w+');
  readonly #places = new Map<string, number>();

  /** Keeps a block under its digest. */
  put(digest: string, data: Buffer): void {
    if (this.#places.has(digest)) return;
    const place = this.#places.size;
    writeSync(this.#file, data, 0, BLOCK_BYTES, place * BLOCK_BYTES);
    this.#places.set(digest, place);
  }

  get(digest: string): Buffer {
    const place = this.#places.get(digest);
    if (place === undefined) throw new Error(`no block ${digest} was put`);
    const data = Buffer.alloc(BLOCK_BYTES);
    readSync(this.#file, data, 0, BLOCK_BYTES, place * BLOCK_BYTES);
    return data;
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.#folder, { recursive: true });
  }
}
