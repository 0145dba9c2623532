import { mkdir } from 'node:fs/promises';
import type { DataMap } from '../qemu/data-map.ts';
import { inOrder } from '../system/in-order.ts';
import { BLOCK_BYTES, sha256Of, ZERO_BLOCK } from './block.ts';
import { type BlockList, BlockListWriter } from './block-list.ts';

const READS_AT_ONCE = 8;

/** Reads bytes of a disk from an offset on, as many as fill the target; many reads may be under way at once. */
export interface DiskReader {
  readonly read: (offsetBytes: number, target: Buffer) => Promise<void>;
}

/** A disk that is open for reading. */
export interface OpenDisk {
  readonly reader: DiskReader;
  readonly sizeBytes: number;
  /** Where it has data, in blocks of 512 KiB. */
  readonly dataMap: DataMap;
}

/**
 * Reads all data of a disk and writes down the SHA-256 of every block that is not all zeros. The list stays in `folder` under
 * the name of its content.
 */
export async function surveyDisk(
  { reader, sizeBytes, dataMap }: OpenDisk,
  folder: string,
  onBytes: (doneBytes: number, totalBytes: number) => void,
): Promise<BlockList> {
  await mkdir(folder, { recursive: true });
  await using list = new BlockListWriter(folder, sizeBytes);
  const totalBytes = dataMap.dataBytes;
  const buffers: Buffer[] = [];
  let doneBytes = 0;
  const read = async (index: number): Promise<{ index: number; data: Buffer }> => ({
    index,
    data: await readBlock(reader, sizeBytes, index, buffers.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)),
  });
  for await (const { index, data } of inOrder(blocksWithData(dataMap), READS_AT_ONCE, read)) {
    if (!data.equals(ZERO_BLOCK)) await list.add({ index, sha256: sha256Of(data) });
    buffers.push(data);
    doneBytes += BLOCK_BYTES;
    onBytes(Math.min(doneBytes, totalBytes), totalBytes);
  }
  return await list.finish();
}

/** Fills a buffer with a block; the part behind the disk's end is zeros. */
export async function readBlock(
  reader: DiskReader,
  diskBytes: number,
  index: number,
  target: Buffer,
): Promise<Buffer> {
  const startBytes = index * BLOCK_BYTES;
  const lengthBytes = Math.min(BLOCK_BYTES, diskBytes - startBytes);
  if (lengthBytes < BLOCK_BYTES) target.fill(0, lengthBytes);
  await reader.read(startBytes, target.subarray(0, lengthBytes));
  return target;
}

function* blocksWithData(dataMap: DataMap): Generator<number> {
  for (const { startBytes, lengthBytes } of dataMap.ranges()) {
    const end = Math.ceil((startBytes + lengthBytes) / BLOCK_BYTES);
    for (let index = startBytes / BLOCK_BYTES; index < end; index += 1) yield index;
  }
}
