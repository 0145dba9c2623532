import { z } from 'zod';
import { run } from '../system/process.ts';

const Line = z.object({
  start: z.number(),
  length: z.number(),
  depth: z.number(),
  data: z.boolean(),
  zero: z.boolean(),
  offset: z.number().optional(),
});

/** A stretch of a disk that lies in one piece in one file. */
export interface Extent {
  readonly startBytes: number;
  readonly lengthBytes: number;
  /** Which file of the chain holds it; 0 is the top. */
  readonly depth: number;
  /** Whether it holds data; otherwise it reads as zeros. */
  readonly hasData: boolean;
  /** Where in that file it is; unknown when it is compressed. */
  readonly offsetBytes: number | undefined;
}

/** Reads one line of `qemu-img map --output=json`: an extent, or nothing for the brackets around the list. */
export function parseMapLine(line: string): Extent | undefined {
  const text = line
    .trim()
    .replace(/^\[/, '')
    .replace(/[,\]]$/, '');
  if (text === '') return undefined;
  const { start, length, depth, data, zero, offset } = Line.parse(JSON.parse(text));
  return {
    startBytes: start,
    lengthBytes: length,
    depth,
    hasData: data && !zero,
    offsetBytes: offset,
  };
}

/**
 * Tells of every extent of a disk in the order of the disk, one at a time: a fragmented disk has millions.
 * Fails with `ProcessError` when the image's tables cannot be read, also because a running machine writes to it.
 */
export async function readMap(
  path: string,
  driver: string,
  onExtent: (extent: Extent) => void,
  signal?: AbortSignal,
): Promise<void> {
  await run(['qemu-img', 'map', '--output=json', '-f', driver, path], {
    capture: false,
    onLine: (line, stream) => {
      const extent = stream === 'stdout' ? parseMapLine(line) : undefined;
      if (extent !== undefined) onExtent(extent);
    },
    ...(signal === undefined ? {} : { signal }),
  });
}
