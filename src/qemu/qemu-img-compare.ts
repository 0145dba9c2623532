import { ProcessError, run } from '../system/process.ts';
import { type DiskFile, jsonName } from './disk-file.ts';
import { parseFraction, type TransferOptions, withProgress } from './qemu-img-progress.ts';

/** How QEMU reads a file: by the kernel's io_uring, or in threads of its own, which must be woken for every read. */
export type ReadMethod = 'io_uring' | 'threads';

/**
 * Arguments that compare what two disks hold; a longer one counts as equal when its surplus is zero. The drivers are
 * always named: a raw disk may look like another format.
 */
export function compareArgs(source: DiskFile, copy: DiskFile, method: ReadMethod): readonly string[] {
  return ['compare', '-p', nameToRead(source, method), nameToRead(copy, method)];
}

/**
 * A vmdk tells of its holes 64 KiB at a time. For each of these pieces QEMU asks a qcow2 how far its own hole
 * goes, which is answered by counting to the end of a piece of its tables: it is shorter when it has 64 entries, not
 * 512. A disk of 10 GiB with 1 GiB of data is compared in half the time.
 */
const SHORT_TABLES = { 'l2-cache-entry-size': 512 };

function nameToRead({ path, driver, part }: DiskFile, method: ReadMethod): string {
  const whole = { filename: path, aio: method };
  const file =
    part === undefined
      ? whole
      : { driver: 'raw', offset: part.offsetBytes, size: part.lengthBytes, file: whole };
  return jsonName({ driver, ...(driver === 'qcow2' ? SHORT_TABLES : {}), file });
}

/** Exit code of `qemu-img compare` for two disks that differ; higher ones are failures. */
const DIFFERENT = 1;

/** What QEMU says when the kernel or a container forbids io_uring, or its build has none. The disks are not open then. */
const RING_REFUSED =
  /Unable to use (?:linux )?io_uring|aio=io_uring was specified|(?:parameter|value) 'io_uring'/i;

/** Whether that was seen in this process. */
let isRingRefused = false;

/**
 * Compares two disks byte for byte. Returns where they differ, in qemu-img's words, or undefined when they do not.
 * Fails with `ProcessError` when one of them cannot be read.
 */
export async function compareDisks(
  source: DiskFile,
  copy: DiskFile,
  options: TransferOptions = {},
): Promise<string | undefined> {
  if (isRingRefused) return compareBy('threads', source, copy, options);
  try {
    return await compareBy('io_uring', source, copy, options);
  } catch (thrown) {
    if (!refusesRing(thrown)) throw thrown;
    isRingRefused = true;
    return compareBy('threads', source, copy, options);
  }
}

function refusesRing(thrown: unknown): boolean {
  return thrown instanceof ProcessError && thrown.tail.some((line) => RING_REFUSED.test(line));
}

async function compareBy(
  method: ReadMethod,
  source: DiskFile,
  copy: DiskFile,
  options: TransferOptions,
): Promise<string | undefined> {
  const { exitCode, tail } = await run(['qemu-img', ...compareArgs(source, copy, method)], {
    ...withProgress(options),
    acceptExitCodes: [DIFFERENT],
  });
  if (exitCode === 0) return undefined;
  const words = tail.filter((line) => parseFraction(line) === undefined && line.trim() !== '');
  return words.at(-1) ?? 'they differ';
}
