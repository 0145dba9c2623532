import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Range } from '../qemu/data-map.ts';
import { run } from '../system/process.ts';
import { rawZstOpener } from './disk-opener.ts';
import { endOf, mergedRanges, readRange } from './disk-stretches.ts';
import type { DiskWriter, WriteJob } from './disk-writer.ts';
import { zeroFrames } from './zstd-zeros.ts';

/** Shorter holes are compressed with the data around them: a process for each stretch would take longer. */
const SHORTEST_HOLE_BYTES = 64 * 1024 * 1024;

/**
 * Writes a raw disk, compressed by zstd on all cores. Large holes are neither read nor compressed. For the proof it
 * is decompressed again, beside the file.
 */
export const rawZstWriter: DiskWriter = async (job) => {
  const file = await open(job.path, 'wx', 0o644);
  try {
    await writeStretches(job, file);
  } finally {
    await file.close();
  }
  const { path, signal } = job;
  return { disk: await rawZstOpener({ path, folder: dirname(path), signal }), checkable: false };
};

async function writeStretches(
  { shared, virtualSizeBytes, onFraction, signal }: WriteJob,
  file: FileHandle,
): Promise<void> {
  const [reader, dataMap] = await Promise.all([shared.reader(), shared.dataMap()]);
  const { dataBytes } = dataMap;
  let writtenBytes = 0;
  let doneBytes = 0;
  const fillUpTo = async (offsetBytes: number): Promise<void> => {
    for (const frame of zeroFrames(offsetBytes - writtenBytes)) await file.writeFile(frame);
    writtenBytes = offsetBytes;
  };
  async function* dataOf(range: Range): AsyncGenerator<Buffer> {
    for await (const piece of readRange(reader, range)) {
      yield piece;
      doneBytes += piece.length;
      onFraction(Math.min(doneBytes / dataBytes, 1));
    }
  }
  for (const range of mergedRanges(dataMap, SHORTEST_HOLE_BYTES)) {
    await fillUpTo(range.startBytes);
    // It writes where this process stopped: they share the place in the file.
    await run(['zstd', '-c', '-q', '-T0'], { input: dataOf(range), stdoutFd: file.fd, signal });
    writtenBytes = endOf(range);
  }
  await fillUpTo(virtualSizeBytes);
  onFraction(1);
}
