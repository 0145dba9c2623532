import type { DataMap, Range } from '../qemu/data-map.ts';
import type { NbdClient } from '../qemu/nbd-client.ts';
import { inOrder } from '../system/in-order.ts';

/** What is read at once. */
const READ_BYTES = 1024 * 1024;
const READS_AT_ONCE = 4;

/**
 * Stretches of a disk that are worth to be told from the holes around: data, and holes between them that are shorter
 * than `shortestHoleBytes`. In the order of the disk.
 */
export function* mergedRanges(dataMap: DataMap, shortestHoleBytes: number): Generator<Range> {
  let current: Range | undefined;
  for (const range of dataMap.ranges()) {
    if (current !== undefined && range.startBytes - endOf(current) < shortestHoleBytes) {
      current = { startBytes: current.startBytes, lengthBytes: endOf(range) - current.startBytes };
      continue;
    }
    if (current !== undefined) yield current;
    current = range;
  }
  if (current !== undefined) yield current;
}

/** The bytes of a stretch in pieces of 1 MiB, the last perhaps shorter, some of them read ahead. */
export function readRange(reader: NbdClient, range: Range): AsyncGenerator<Buffer<ArrayBuffer>> {
  return inOrder(piecesOf(range), READS_AT_ONCE, async ({ startBytes, lengthBytes }) => {
    const piece = Buffer.allocUnsafeSlow(lengthBytes);
    await reader.read(startBytes, piece);
    return piece;
  });
}

export function endOf({ startBytes, lengthBytes }: Range): number {
  return startBytes + lengthBytes;
}

function* piecesOf(range: Range): Generator<Range> {
  for (let startBytes = range.startBytes; startBytes < endOf(range); startBytes += READ_BYTES) {
    yield { startBytes, lengthBytes: Math.min(READ_BYTES, endOf(range) - startBytes) };
  }
}
