import { mkdir, readdir, realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { asError, BuilderError, BuilderErrors } from '../errors.ts';
import type { Artifact, Emit } from '../events.ts';
import { freeBytes } from '../system/files.ts';
import { diskFull, neededBytes, requireRoom } from './disk-room.ts';
import type { DiskFormat } from './formats.ts';
import { SharedSource } from './shared-source.ts';
import { inspectSource, type SourceDisk } from './source-disk.ts';
import { nameOfSource, planTargets, type Target } from './targets.ts';
import { keepSource, type WriteOptions, type WrittenTarget, writeTarget } from './write-target.ts';

export interface ConvertOptions {
  readonly formats: readonly DiskFormat[];
  /** The source's own folder when left out; made when it is not there. */
  readonly outputFolder?: string;
  /** Of the files, without extension; the source's when left out. */
  readonly name?: string;
  /** Whether files that are there already may be replaced. Never those that the disk is read from. */
  readonly force?: boolean;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/**
 * Converts one disk image to several formats at once, compares each with the source, and returns them in the order
 * asked for. Each file gets its final name when it is whole, proven and on the disk. When one format fails, the others
 * are finished and stay; the error says what is missing. A qcow2 source that has others behind it is replaced
 * by one that stands alone only after all others have succeeded.
 *
 * Fails with `input-unreadable`, `settings-invalid` or `disk-full` before anything is written; with `convert-failed`,
 * `compare-failed` or `disk-full` after; with `Interrupted` when the signal fires.
 */
export async function convertImage(source: string, options: ConvertOptions): Promise<readonly Artifact[]> {
  const { emit, signal, force = false } = options;
  const disk = await inspectSource(source, signal);
  const plan = await planAll(disk, options);
  const write: WriteOptions = { force, emit, signal };
  const results = await produceAll(disk, plan, write);
  return finish(disk, plan.targets, results, write);
}

/** All at once, and all to their ends: one that fails does not stop the others. */
async function produceAll(
  disk: SourceDisk,
  { targets, outputFolder, name }: Plan,
  options: WriteOptions,
): Promise<readonly PromiseSettledResult<Produced>[]> {
  const { signal } = options;
  await using shared = new SharedSource(disk, { outputFolder, name, signal });
  // Awaited here, while what they share is there. A signal each: so many listeners on one would look like a leak.
  return await Promise.allSettled(
    targets.map((target) => produce(shared, target, { ...options, signal: AbortSignal.any([signal]) })),
  );
}

interface Plan {
  readonly targets: readonly Target[];
  /** Absolute, without links. */
  readonly outputFolder: string;
  /** Of the files, without extension. */
  readonly name: string;
}

async function planAll(disk: SourceDisk, options: ConvertOptions): Promise<Plan> {
  const asked = resolve(options.outputFolder ?? dirname(disk.path));
  const outputFolder = await realpath(asked).catch(() => asked);
  const name = options.name ?? nameOfSource(disk.path);
  const targets = planTargets(disk, {
    formats: options.formats,
    outputFolder,
    name,
    existing: new Set(await readdir(outputFolder).catch(() => [])),
    force: options.force ?? false,
  });
  const copies = targets.filter(({ how }) => how !== 'keep').map(({ format }) => format.name);
  await requireRoom(outputFolder, copies, neededBytes(disk.dataBytes, copies.length));
  await makeFolder(outputFolder);
  return { targets, outputFolder, name };
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw new BuilderError('settings-invalid', `cannot make the folder ${path}: ${asError(cause).message}`, {
      hint: 'choose an output folder that can be written to',
      cause,
    });
  });
}

/** A file that is done, or one that is written and waits for the others. */
interface Produced {
  readonly artifact: Artifact;
  readonly waiting?: WrittenTarget;
}

async function produce(shared: SharedSource, target: Target, options: WriteOptions): Promise<Produced> {
  if (target.how === 'keep')
    return tell({ artifact: await keepSource(shared.source, target, options) }, options.emit);
  const written = await writeTarget(shared, target, options);
  // The others are still read from it.
  if (target.how === 'replace-source') return { artifact: written.artifact, waiting: written };
  await written.publish();
  return tell(written, options.emit);
}

function tell({ artifact }: { readonly artifact: Artifact }, emit: Emit): Produced {
  emit({ type: 'artifact-made', ...artifact });
  return { artifact };
}

/** Publishes what waited for the others, or says what failed. */
async function finish(
  disk: SourceDisk,
  targets: readonly Target[],
  results: readonly PromiseSettledResult<Produced>[],
  { emit, signal }: WriteOptions,
): Promise<readonly Artifact[]> {
  const produced = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failures = targets.flatMap((target, index) => {
    const result = results[index];
    return result?.status === 'rejected' ? [{ target, error: asError(result.reason) }] : [];
  });
  const waiting = produced.flatMap((each) => each.waiting ?? []);
  if (failures.length > 0 || signal.aborted) {
    for (const written of waiting) await written.discard();
    signal.throwIfAborted();
    tellOfOthers(produced, emit);
    throw await failureOf(disk, failures);
  }
  for (const written of waiting) {
    await written.publish();
    tell(written, emit);
  }
  return produced.map(({ artifact }) => artifact);
}

function tellOfOthers(produced: readonly Produced[], emit: Emit): void {
  const files = produced.filter((each) => each.waiting === undefined).map(({ artifact }) => artifact.file);
  if (files.length === 0) return;
  emit({ type: 'notice', level: 'info', text: `finished all the same: ${files.join(', ')}` });
}

interface Failure {
  readonly target: Target;
  readonly error: Error;
}

/** One error for all that failed. A full disk is one problem, however many files it hit. */
async function failureOf(disk: SourceDisk, failures: readonly Failure[]): Promise<Error> {
  // A bug comes first: it must not hide among failures that were expected.
  const bug = failures.find(({ error }) => !(error instanceof BuilderError));
  if (bug !== undefined) return bug.error;
  const errors = failures.flatMap(({ error }) => (error instanceof BuilderError ? [error] : []));
  const full = errors.find(({ code }) => code === 'disk-full');
  const [first] = failures;
  if (full === undefined || first === undefined || errors.some(({ code }) => code !== 'disk-full')) {
    return errors.length === 1 && errors[0] !== undefined ? errors[0] : new BuilderErrors(errors);
  }
  const folder = dirname(first.target.path);
  return diskFull({
    folder,
    what: failures.map(({ target }) => target.format.name).join(', '),
    neededBytes: neededBytes(disk.dataBytes, failures.length),
    freeBytes: await freeBytes(folder),
    cause: full.cause,
  });
}
