import { basename } from 'node:path';
import type { DataMap, Range } from '../../qemu/data-map.ts';
import type { NbdClient } from '../../qemu/nbd-client.ts';
import type { DeflatePool, DeflateSettings } from '../../system/deflate-pool.ts';
import { inOrder } from '../../system/in-order.ts';
import { type FinishedFile, OutputFile } from '../../system/output-file.ts';
import { newContentId, streamDescriptor } from './descriptor.ts';
import { GRAIN_BYTES, StreamLayout } from './stream-layout.ts';

/** The disk to write, and the threads that compress it. */
export interface StreamSource {
  readonly reader: NbdClient;
  /** In blocks of a grain. */
  readonly dataMap: DataMap;
  readonly pool: DeflatePool;
}

export interface StreamOptions {
  readonly onFraction: (fraction: number) => void;
  readonly signal: AbortSignal;
}

/** What is read, compressed and written at once: enough that a message to a thread costs nothing beside the work. */
const CHUNK_BYTES = 16 * GRAIN_BYTES;

/**
 * Level 5 takes two thirds of the time of zlib's default, 6, which QEMU uses, for files that are half a percent
 * larger (docs/decisions/0007-stream-vmdk.md).
 */
const GRAINS: DeflateSettings = {
  pieceBytes: GRAIN_BYTES,
  wrapper: 'zlib',
  // One piece of output: nothing grows by more than this.
  options: { level: 5, memLevel: 9, chunkSize: GRAIN_BYTES + 1024 },
  skipZeros: true,
};

/** One stretch of the disk, compressed grain by grain; a grain of zeros is undefined. */
interface Chunk {
  readonly range: Range;
  readonly grains: readonly (Uint8Array | undefined)[];
}

/**
 * Writes a disk as a stream-optimized VMDK. Only what may hold data is read; reading, compression on all processors
 * and writing go on at once, with a few MiB for each processor in memory. Fails with an error of the system, or
 * with the signal's reason; the file is then incomplete.
 */
export async function writeStreamVmdk(
  { reader, dataMap, pool }: StreamSource,
  path: string,
  { onFraction, signal }: StreamOptions,
): Promise<FinishedFile> {
  const { sizeBytes, dataBytes } = dataMap;
  const layout = new StreamLayout(sizeBytes);
  await using file = await OutputFile.create(path);
  await file.write(layout.start(streamDescriptor(basename(path), sizeBytes, newContentId())));
  const compress = chunkCompressor(reader, pool);
  let doneBytes = 0;
  for await (const chunk of inOrder(dataMap.ranges(CHUNK_BYTES), pool.concurrency, compress)) {
    signal.throwIfAborted();
    await file.write(encode(layout, chunk));
    doneBytes += chunk.range.lengthBytes;
    onFraction(doneBytes / dataBytes);
  }
  await file.write(layout.finish());
  onFraction(1);
  return await file.finish();
}

/** A function that reads and compresses one stretch; whole chunks use the same memory again and again. */
function chunkCompressor(reader: NbdClient, pool: DeflatePool): (range: Range) => Promise<Chunk> {
  const free: ArrayBuffer[] = [];
  return async (range) => {
    // A grain is always whole: what is behind the disk's end stays zero.
    const bytes = Math.ceil(range.lengthBytes / GRAIN_BYTES) * GRAIN_BYTES;
    const isFull = range.lengthBytes === CHUNK_BYTES;
    const memory = (isFull ? free.pop() : undefined) ?? new ArrayBuffer(bytes);
    await reader.read(range.startBytes, Buffer.from(memory, 0, range.lengthBytes));
    const { input, pieces } = await pool.deflate(memory, GRAINS);
    if (isFull) free.push(input);
    return { range, grains: pieces };
  };
}

function encode(layout: StreamLayout, { range, grains }: Chunk): readonly Buffer[] {
  const first = range.startBytes / GRAIN_BYTES;
  return grains.flatMap((grain, index) => (grain === undefined ? [] : layout.grain(first + index, grain)));
}
