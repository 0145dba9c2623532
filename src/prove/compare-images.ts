import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { compareDisks } from '../qemu/qemu-img-compare.ts';
import { hashFile } from '../system/files.ts';
import { atOnce } from '../system/at-once.ts';
import type { OpenedImage } from './opened-image.ts';

export interface CompareRequest {
  readonly images: readonly OpenedImage[];
  /** What each file must hash to, by name, where that is known. */
  readonly digests: ReadonlyMap<string, string>;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** Each keeps about one processor busy, and waits for the disk. */
const AT_ONCE = 4;

/**
 * Makes sure that each file is the one that was made (its SHA-256), and that all hold the same disk, byte for byte: that of
 * the first, or of the qcow2 among them. Fails with `checksum-mismatch` or `compare-failed`.
 */
export async function compareImages({ images, digests, emit, signal }: CompareRequest): Promise<void> {
  // First, and for all: a file that was changed makes every other one differ from it.
  await atOnce(images, AT_ONCE, (image) => requireDigest(image, digests.get(image.file), signal));
  const reference = images.find(({ format }) => format.name === 'qcow2') ?? images[0];
  await atOnce(images, AT_ONCE, async (image) => {
    const onFraction = (fraction: number): void => {
      emit({ type: 'progress', phase: 'prove', item: `compare ${image.format.name}`, fraction });
    };
    if (reference !== undefined && image !== reference)
      await requireEqual(reference, image, { onFraction, signal });
    onFraction(1);
  });
}

async function requireDigest(
  { path, file }: OpenedImage,
  expected: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (expected === undefined) return;
  const found = await hashFile(path, 'sha256', { signal });
  if (found === expected) return;
  const message = `${file} is not the file that was made: its SHA-256 is ${found}, and should be ${expected}`;
  throw new BuilderError('checksum-mismatch', message, { hint: 'take it from the build again' });
}

async function requireEqual(
  reference: OpenedImage,
  image: OpenedImage,
  options: { readonly onFraction: (fraction: number) => void; readonly signal: AbortSignal },
): Promise<void> {
  const difference = await compareDisks(reference.disk, image.disk, options);
  if (difference === undefined) return;
  const message = `${image.file} does not hold the same disk as ${reference.file}: ${difference}`;
  throw new BuilderError('compare-failed', message, { hint: 'convert it again' });
}
