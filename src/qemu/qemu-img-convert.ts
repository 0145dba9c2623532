import { ProcessError, run } from '../system/process.ts';

/** A disk image and the QEMU driver that opens it. Absolute, so that no path is taken for a protocol (`a:b`). */
export interface DiskFile {
  readonly path: string;
  readonly driver: string;
}

export interface DiskTarget extends DiskFile {
  /** The driver's creation options: `subformat=dynamic`. */
  readonly creationOptions: readonly string[];
}

export interface TransferOptions {
  /** Told of the part that is done, 0 to 1. */
  readonly onFraction?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Arguments that copy a disk, everything behind it included, into a new file. */
export function convertArgs(source: DiskFile, target: DiskTarget): readonly string[] {
  const options = target.creationOptions.flatMap((option) => ['-o', option]);
  return ['convert', '-p', '-f', source.driver, '-O', target.driver, ...options, source.path, target.path];
}

/** Arguments that compare what two disks hold; a longer one counts as equal when its surplus is zero. */
export function compareArgs(source: DiskFile, copy: DiskFile): readonly string[] {
  return ['compare', '-p', '-f', source.driver, '-F', copy.driver, source.path, copy.path];
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
