import { onOneProcessor } from '../system/one-processor.ts';
import { run } from '../system/process.ts';
import { type DiskFile, diskArguments } from './disk-file.ts';
import { type TransferOptions, withProgress } from './qemu-img-progress.ts';

export interface DiskTarget extends DiskFile {
  /** The driver's creation options: `subformat=dynamic`. */
  readonly creationOptions: readonly string[];
  /** Whether the driver's compression is used; not every driver has one. */
  readonly compressed?: boolean;
  /** The disk's size in the new file, when it is larger than the source; the rest is zero. */
  readonly virtualSizeBytes?: number;
  /** Whether the driver is written on a single processor, because its writes wait for one another. */
  readonly onOneProcessor?: boolean;
}

/** Arguments that make an empty disk of a size, for a copy that is larger than its source. */
export function createArgs(target: DiskTarget, virtualSizeBytes: number): readonly string[] {
  return ['create', '-q', '-f', target.driver, ...optionArgs(target), target.path, String(virtualSizeBytes)];
}

/** Arguments that copy a disk, everything behind it included, into a new file, or into one of `createArgs`. */
export function convertArgs(source: DiskFile, target: DiskTarget): readonly string[] {
  const options = target.virtualSizeBytes === undefined ? optionArgs(target) : ['-n', '--target-is-zero'];
  const compression = target.compressed === true ? ['-c'] : [];
  const { flags, name } = diskArguments(source);
  return ['convert', '-p', ...flags, '-O', target.driver, ...compression, ...options, name, target.path];
}

function optionArgs({ creationOptions }: DiskTarget): readonly string[] {
  return creationOptions.flatMap((option) => ['-o', option]);
}

/** Copies a disk into a new file, which it overwrites. Fails with `ProcessError`, whose tail tells why. */
export async function convertDisk(
  source: DiskFile,
  target: DiskTarget,
  options: TransferOptions = {},
): Promise<void> {
  const { virtualSizeBytes } = target;
  if (virtualSizeBytes !== undefined) await run(['qemu-img', ...createArgs(target, virtualSizeBytes)]);
  const argv = ['qemu-img', ...convertArgs(source, target)];
  await run(target.onOneProcessor === true ? await onOneProcessor(argv) : argv, withProgress(options));
}
