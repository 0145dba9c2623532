import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Range } from '../qemu/data-map.ts';
import type { NbdClient } from '../qemu/nbd-client.ts';
import { OutputFile } from '../system/output-file.ts';
import { GCE_DISK_NAME, gceOpener } from './disk-opener.ts';
import { mergedRanges, readRange } from './disk-stretches.ts';
import type { DiskWriter } from './disk-writer.ts';
import { gzip } from './gzip.ts';
import { sparseTarHeader, tarEnd, tarPadding } from './tar/tar-header.ts';

/** Shorter holes are compressed with the data around them: they cost less than an entry of the archive's map. */
const SHORTEST_HOLE_BYTES = 1024 * 1024;

/**
 * Writes what Google Compute Engine imports: `disk.raw` as a file with holes in GNU tar's older form, gzipped. For
 * the proof GNU tar unpacks it again, beside the file.
 */
export const gceWriter: DiskWriter = async ({ path, shared, virtualSizeBytes, onFraction, signal }) => {
  const [reader, dataMap] = await Promise.all([shared.reader(), shared.dataMap()]);
  const ranges = [...mergedRanges(dataMap, SHORTEST_HOLE_BYTES)];
  const disk = {
    name: GCE_DISK_NAME,
    sizeBytes: virtualSizeBytes,
    timeSeconds: Math.floor(Date.now() / 1000),
  };
  await using file = await OutputFile.create(path);
  const archive = archiveOf(reader, ranges, sparseTarHeader(disk, ranges), onFraction);
  for await (const piece of gzip(shared.pool(), archive)) {
    signal.throwIfAborted();
    await file.write([piece]);
  }
  const { sha256 } = await file.finish();
  const folder = join(dirname(path), 'unpacked');
  await mkdir(folder);
  return { disk: await gceOpener({ path, folder, signal }), checkable: false, sha256 };
};

async function* archiveOf(
  reader: NbdClient,
  ranges: readonly Range[],
  header: Buffer<ArrayBuffer>,
  onFraction: (fraction: number) => void,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  const dataBytes = ranges.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0);
  let doneBytes = 0;
  yield header;
  for (const range of ranges) {
    for await (const piece of readRange(reader, range)) {
      doneBytes += piece.length;
      yield piece;
      onFraction(doneBytes / dataBytes);
    }
  }
  yield Buffer.concat([tarPadding(dataBytes), tarEnd()]);
  onFraction(1);
}
