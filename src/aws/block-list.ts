import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { DiskBlock } from './block.ts';

/*
 * A file that says what is in a disk: the disk's size, then the index and the SHA-256 of every block that is not all
 * zeros, in the order of the disk. Its own SHA-256 names the disk's content. It is read and written as a stream, for
 * it grows with the disk's data.
 *
 *   8 bytes  "nbblock1"
 *   8 bytes  size of the disk in bytes, big endian
 *   for each block: 4 bytes index, big endian; 32 bytes SHA-256
 */

const MAGIC = Buffer.from('nbblock1', 'latin1');
const HEAD_BYTES = 16;
const RECORD_BYTES = 36;

/** A block list that is whole. */
export interface BlockList {
  readonly path: string;
  /** Hex; names the disk's content. */
  readonly digest: string;
  readonly diskBytes: number;
  /** How many blocks are in the list. */
  readonly dataBlocks: number;
}

/** Where the list of a disk with this content is kept. */
export function blockListPath(folder: string, digest: string): string {
  return join(folder, `${digest}.blocks`);
}

/** Writes a block list beside its place; it gets its name, which is its digest, when it is whole. */
export class BlockListWriter implements AsyncDisposable {
  readonly #folder: string;
  readonly #partial: string;
  readonly #diskBytes: number;
  readonly #stream: WriteStream;
  readonly #hash = createHash('sha256');
  #dataBlocks = 0;

  constructor(folder: string, diskBytes: number) {
    this.#folder = folder;
    this.#diskBytes = diskBytes;
    this.#partial = join(folder, `.partial-${randomUUID()}`);
    this.#stream = createWriteStream(this.#partial, { flags: 'wx', mode: 0o600 });
    // Told of by `finish`, or by the next write.
    this.#stream.on('error', () => undefined);
    const head = Buffer.alloc(HEAD_BYTES);
    MAGIC.copy(head);
    head.writeBigUInt64BE(BigInt(diskBytes), MAGIC.length);
    this.#write(head);
  }

  /** Adds a block; indexes must grow. */
  async add({ index, sha256 }: DiskBlock): Promise<void> {
    const record = Buffer.alloc(RECORD_BYTES);
    record.writeUInt32BE(index);
    sha256.copy(record, 4);
    this.#dataBlocks += 1;
    if (!this.#write(record)) await once(this.#stream, 'drain');
  }

  async finish(): Promise<BlockList> {
    this.#stream.end();
    await finished(this.#stream);
    const digest = this.#hash.digest('hex');
    const path = blockListPath(this.#folder, digest);
    await rename(this.#partial, path);
    return { path, digest, diskBytes: this.#diskBytes, dataBlocks: this.#dataBlocks };
  }

  /** Removes what is not whole. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stream.destroy();
    await rm(this.#partial, { force: true });
  }

  #write(bytes: Buffer): boolean {
    this.#hash.update(bytes);
    return this.#stream.write(bytes);
  }
}

/** What a list of this digest says of its disk; undefined when there is none, or it is not whole. */
export async function findBlockList(folder: string, digest: string): Promise<BlockList | undefined> {
  const path = blockListPath(folder, digest);
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    await file.read(head, 0, HEAD_BYTES, 0);
    const { size } = await file.stat();
    const dataBlocks = (size - HEAD_BYTES) / RECORD_BYTES;
    if (!head.subarray(0, MAGIC.length).equals(MAGIC) || !Number.isInteger(dataBlocks)) return undefined;
    const diskBytes = Number(head.readBigUInt64BE(MAGIC.length));
    return { path, digest, diskBytes, dataBlocks };
  } finally {
    await file.close();
  }
}

/** The blocks of a list, in the order of the disk. Fails with `input-unreadable` when it is not what its name says. */
export async function* readBlockList({ path, digest }: BlockList): AsyncGenerator<DiskBlock> {
  const hash = createHash('sha256');
  let rest: Buffer = Buffer.alloc(0);
  let toSkip = HEAD_BYTES;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const skipped = Math.min(toSkip, bytes.length);
    bytes = bytes.subarray(skipped);
    toSkip -= skipped;
    for (; bytes.length >= RECORD_BYTES; bytes = bytes.subarray(RECORD_BYTES)) {
      yield { index: bytes.readUInt32BE(), sha256: Buffer.from(bytes.subarray(4, RECORD_BYTES)) };
    }
    rest = bytes;
  }
  if (hash.digest('hex') === digest) return;
  throw new BuilderError('input-unreadable', `${path} is damaged: its content does not fit its name`, {
    hint: 'remove the file; the disk is then published without a parent',
  });
}
