import { damaged } from './guest-errors.ts';

/** Bytes that can be read at any place, by many at once: a disk, or a part of one. */
export interface ByteSource {
  /** For messages: `/images/host.qcow2`, `partition 1 of /images/host.qcow2`. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Fills a buffer from an offset on; both must lie inside. */
  readonly read: (offsetBytes: number, target: Buffer) => Promise<void>;
}

/** A stretch of another source. One that leads out of it is `guest-damaged`. */
export function partOf(
  whole: ByteSource,
  part: { readonly name: string; readonly startBytes: number; readonly sizeBytes: number },
): ByteSource {
  const { name, startBytes, sizeBytes } = part;
  if (startBytes + sizeBytes > whole.sizeBytes) {
    throw damaged(name, `it ends at ${startBytes + sizeBytes} of ${whole.sizeBytes} bytes`);
  }
  return { name, sizeBytes, read: (offsetBytes, target) => whole.read(startBytes + offsetBytes, target) };
}

/** Reads a stretch, or so much of it as the source has. */
export async function readUpTo(
  source: ByteSource,
  offsetBytes: number,
  lengthBytes: number,
): Promise<Buffer> {
  const target = Buffer.alloc(Math.max(0, Math.min(lengthBytes, source.sizeBytes - offsetBytes)));
  if (target.length > 0) await source.read(offsetBytes, target);
  return target;
}
