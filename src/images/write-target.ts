import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asError, BuilderError, systemCode } from '../errors.ts';
import type { Artifact, Emit } from '../events.ts';
import { exists, freeBytes, syncFile } from '../system/files.ts';
import { ProcessError } from '../system/process.ts';
import { diskFull, neededBytes, ranFull } from './disk-room.ts';
import { PartProgress } from './part-progress.ts';
import { sizeInFormat } from './formats.ts';
import type { SharedSource } from './shared-source.ts';
import type { SourceDisk } from './source-disk.ts';
import type { Target } from './targets.ts';
import { hashWhole, verifyCopy } from './verify-copy.ts';

export interface WriteOptions {
  readonly force: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** A file that is written, compared and on the disk, and has its final name only in a folder for unfinished files. */
export interface WrittenTarget {
  readonly artifact: Artifact;
  /** Gives it its final name, or discards it: fails with `settings-invalid` when something took that name meanwhile. */
  readonly publish: () => Promise<void>;
  readonly discard: () => Promise<void>;
}

type Part = 'convert' | 'compare' | 'hash';
const SHARES: Readonly<Record<Part, number>> = { convert: 0.5, compare: 0.25, hash: 0.25 };

/**
 * Converts a disk to one format, in a hidden folder beside its place, and proves that it is the same disk.
 * Fails with `convert-failed`, `compare-failed` or `disk-full`, and then leaves nothing behind.
 */
export async function writeTarget(
  shared: SharedSource,
  target: Target,
  options: WriteOptions,
): Promise<WrittenTarget> {
  const { source } = shared;
  const { path } = target;
  // A folder, not another name: a vmdk has its own name inside, by which VMware and libvmdk look for its data.
  const folder = join(dirname(path), `.${basename(path)}.partial-${randomUUID()}`);
  const partial = join(folder, basename(path));
  const discard = (): Promise<void> => rm(folder, { recursive: true, force: true });
  const explained = async (thrown: unknown): Promise<never> => {
    await discard();
    throw await explain(thrown, source, target);
  };
  try {
    await mkdir(folder, { mode: 0o700 });
    const artifact = await writeAndProve(shared, target, partial, options);
    return { artifact, publish: () => publish(partial, target, options).then(discard, explained), discard };
  } catch (thrown) {
    return explained(thrown);
  }
}

/** Writes the file under the name that it has until it is published. */
async function writeAndProve(
  shared: SharedSource,
  target: Target,
  path: string,
  { emit, signal }: WriteOptions,
): Promise<Artifact> {
  const { source } = shared;
  const { format } = target;
  const virtualSizeBytes = sizeInFormat(format, source.virtualSizeBytes);
  const progress = formatProgress(format.name, SHARES, emit);
  const telling = (part: Part) => (fraction: number) => progress.set(part, fraction);
  const job = { source, shared, path, virtualSizeBytes, signal };
  const written = await format.write({ ...job, onFraction: telling('convert') });
  const sha256 = await verifyCopy(
    source,
    { ...written, path, virtualSizeBytes },
    { onCompared: telling('compare'), onHashed: telling('hash'), signal },
  );
  return describe(target, path, virtualSizeBytes, sha256);
}

/** Checks a source that is its own target, and describes it. */
export async function keepSource(
  source: SourceDisk,
  target: Target,
  { emit, signal }: WriteOptions,
): Promise<Artifact> {
  const progress = formatProgress(target.format.name, { hash: 1 }, emit);
  const sha256 = await hashWhole(target.path, (fraction) => progress.set('hash', fraction), signal);
  return describe(target, target.path, source.virtualSizeBytes, sha256);
}

function formatProgress<Name extends string>(
  item: string,
  shares: Readonly<Record<Name, number>>,
  emit: Emit,
): PartProgress<Name> {
  return new PartProgress(shares, (fraction) => emit({ type: 'progress', phase: 'convert', item, fraction }));
}

async function describe(
  { format, path }: Target,
  written: string,
  virtualBytes: number,
  sha256: string,
): Promise<Artifact> {
  const { size } = await stat(written);
  return { format: format.name, file: basename(path), bytes: size, virtualBytes, sha256 };
}

async function publish(partial: string, { path, how }: Target, { force }: WriteOptions): Promise<void> {
  // rename(2) replaces without asking, and the conversion took long enough for somebody else to write there.
  if (how === 'make' && !force && (await exists(path))) {
    throw new BuilderError('settings-invalid', `${path} was made by somebody else meanwhile`, {
      hint: 'say --force to replace it, or choose another name or folder',
    });
  }
  await rename(partial, path);
  await syncFile(path);
}

/** Says of a failure which file it was, and whether the disk was full. */
async function explain(thrown: unknown, source: SourceDisk, { format, path }: Target): Promise<unknown> {
  const folder = dirname(path);
  if (ranFull(thrown)) {
    return diskFull({
      folder,
      what: format.name,
      neededBytes: neededBytes(source.dataBytes, 1),
      freeBytes: await freeBytes(folder),
      cause: thrown,
    });
  }
  if (thrown instanceof ProcessError && thrown.failure === 'exited') {
    return new BuilderError('convert-failed', `${format.name} cannot be made: ${lastWords(thrown)}`, {
      hint: `nothing is left of ${path}; what the tool said is above`,
      tail: thrown.tail,
      cause: thrown,
    });
  }
  if (thrown instanceof BuilderError && thrown.code === 'compare-failed') {
    return new BuilderError('compare-failed', `${format.name} is not the same disk: ${thrown.message}`, {
      hint: `nothing is left of ${path}; a source that changes meanwhile cannot be converted`,
      tail: thrown.tail,
      cause: thrown,
    });
  }
  if (thrown instanceof BuilderError || systemCode(thrown) === undefined) return thrown;
  return new BuilderError('convert-failed', `${format.name} cannot be written: ${asError(thrown).message}`, {
    hint: `see whether ${path} may be written`,
    cause: thrown,
  });
}

/** How the tools begin a line that says what is wrong. */
const TOOL_WORDS = /^(?:qemu-(?:img|nbd)|zstd|tar): /;

function lastWords({ tail, message }: ProcessError): string {
  const words = tail.filter((line) => TOOL_WORDS.test(line)).at(-1);
  return words?.replace(TOOL_WORDS, '') ?? message;
}
