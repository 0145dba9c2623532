import { ProcessError, run } from '../system/process.ts';
import { type DiskFile, diskArguments } from './disk-file.ts';

export interface DiskTarget extends DiskFile {
  /** The driver's creation options: `subformat=dynamic`. */
  readonly creationOptions: readonly string[];
  /** Whether the driver's compression is used; not every driver has one. */
  readonly compressed?: boolean;
  /** The disk's size in the new file, when it is larger than the source; the rest is zero. */
  readonly virtualSizeBytes?: number;
}

export interface TransferOptions {
  /** Told of the part that is done, 0 to 1. */
  readonly onFraction?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Arguments that make an empty disk of a size, for a copy that is larger than its source. */
export function createArgs(target: DiskTarget, virtualSizeBytes: number): readonly string[] {
  return ['create', '-q', '-f', target.driver, ...optionArgs(target), target.path, String(virtualSizeBytes)];
}

/** Arguments that copy a disk, everything behind it included, into a new file, or into one of `createArgs`. */
export function convertArgs(source: DiskFile, target: DiskTarget): readonly string[] {
  const options = target.virtualSizeBytes === undefined ? optionArgs(target) : ['-n', '--target-is-zero'];
  const compression = target.compressed === true ? ['-c'] : [];
  const { flags, name } = diskArguments('-f', source);
  return ['convert', '-p', ...flags, '-O', target.driver, ...compression, ...options, name, target.path];
}

function optionArgs({ creationOptions }: DiskTarget): readonly string[] {
  return creationOptions.flatMap((option) => ['-o', option]);
}

/** Arguments that compare what two disks hold; a longer one counts as equal when its surplus is zero. */
export function compareArgs(source: DiskFile, copy: DiskFile): readonly string[] {
  const left = diskArguments('-f', source);
  const right = diskArguments('-F', copy);
  return ['compare', '-p', ...left.flags, ...right.flags, left.name, right.name];
}

/** Reads a line of qemu-img's `-p`, `(12.34/100%)`, as a fraction; other lines are undefined. */
export function parseFraction(line: string): number | undefined {
  const percent = /\((\d{1,3}(?:\.\d+)?)\/100%\)/.exec(line)?.[1];
  return percent === undefined ? undefined : Math.min(Number(percent) / 100, 1);
}

/** Copies a disk into a new file, which it overwrites. Fails with `ProcessError`, whose tail tells why. */
export async function convertDisk(
  source: DiskFile,
  target: DiskTarget,
  options: TransferOptions = {},
): Promise<void> {
  const { virtualSizeBytes } = target;
  if (virtualSizeBytes !== undefined) await run(['qemu-img', ...createArgs(target, virtualSizeBytes)]);
  await run(['qemu-img', ...convertArgs(source, target)], transferOptions(options));
}

/** Exit code of `qemu-img compare` for two disks that differ; higher ones are failures. */
const DIFFERENT = 1;

/**
 * Compares two disks byte for byte. Returns where they differ, in qemu-img's words, or undefined when they do not.
 * Fails with `ProcessError` when one of them cannot be read.
 */
export async function compareDisks(
  source: DiskFile,
  copy: DiskFile,
  options: TransferOptions = {},
): Promise<string | undefined> {
  try {
    await run(['qemu-img', ...compareArgs(source, copy)], transferOptions(options));
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.exitCode !== DIFFERENT) throw thrown;
    const words = thrown.tail.filter((line) => parseFraction(line) === undefined && line.trim() !== '');
    return words.at(-1) ?? 'they differ';
  }
}

function transferOptions({ onFraction, signal }: TransferOptions): Parameters<typeof run>[1] {
  return {
    capture: false,
    onLine: (line) => {
      const fraction = parseFraction(line);
      if (fraction !== undefined) onFraction?.(fraction);
    },
    ...(signal === undefined ? {} : { signal }),
  };
}
