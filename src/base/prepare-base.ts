import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { type Emit, runPhase } from '../events.ts';
import type { BaseFamily } from '../settings/settings.ts';
import { imageInfo } from '../qemu/qemu-img.ts';
import type { FileDigests } from '../system/file-digests.ts';
import { exists, fileSizeBytes, hashFile } from '../system/files.ts';
import { type Checksum, verifyChecksum } from './checksum.ts';
import { compressionOf, decompress } from './compression.ts';
import { download } from './download.ts';
import { provideDebianDisk, readMadeDisk } from './embedded-base.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';
import { stemOf } from './families.ts';
import type { BaseChoice, GivenChoice } from './find-base.ts';
import { inspectDisk, readHead } from './inspect-disk.ts';
import { fileNameOfUrl, shownUrl } from './web-address.ts';

/** A base disk that can be used at once, as the read-only lower part of a build's disk. */
export interface PreparedBase {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  readonly virtualSizeBytes: number;
  readonly family: BaseFamily;
  readonly sshUser: string;
  /** Of the file as it was given (the compressed one), or of the embedded disk. */
  readonly checksum: Checksum;
  /** `embedded`, the path, or the address without credentials. */
  readonly source: string;
  /** Whether nothing had to be made, fetched or decompressed. */
  readonly reused: boolean;
}

export interface PrepareOptions {
  /** Where downloads, decompressed copies and the embedded disk are kept between builds. */
  readonly cacheFolder: string;
  readonly emit: Emit;
  readonly signal?: AbortSignal;
}

/** Where the base images of an IMAGE_PATH are kept between builds: the cache folder of `prepareBase`. */
export function baseCacheFolder(imagePath: string): string {
  return join(imagePath, '.cache');
}

/**
 * Makes, fetches, verifies and decompresses the chosen base, as far as the cache does not have it: the phase `base`.
 * The given file is only read. Fails with `base-make-failed`, `download-failed`, `checksum-mismatch`,
 * `base-not-a-disk`, `base-damaged`, `disk-full` or `tool-missing`.
 */
export async function prepareBase(choice: BaseChoice, options: PrepareOptions): Promise<PreparedBase> {
  return runPhase(
    options.emit,
    'base',
    `prepare the base image: ${choice.name}`,
    () => provideBase(choice, options),
    ({ reused }) => (reused ? 'reused' : 'done'),
  );
}

/**
 * The chosen base as `prepareBase` would give it, when nothing has to be made, fetched or decompressed for it; otherwise
 * undefined. Writes nothing, and trusts what an earlier build has verified.
 */
export async function knownBase(
  choice: BaseChoice,
  cacheFolder: string,
  digests: FileDigests,
): Promise<PreparedBase | undefined> {
  const { family, sshUser } = choice;
  const disk = await knownDisk(choice, cacheFolder, digests);
  if (disk === undefined) return undefined;
  const { format, virtualSizeBytes } = await imageInfo(disk.path);
  if (format !== 'qcow2' && format !== 'raw') return undefined;
  return { ...disk, format, virtualSizeBytes, family, sshUser, reused: true };
}

async function knownDisk(
  choice: BaseChoice,
  cacheFolder: string,
  digests: FileDigests,
): Promise<Pick<PreparedBase, 'path' | 'checksum' | 'source'> | undefined> {
  if (choice.kind === 'embedded') {
    const made = await readMadeDisk(EMBEDDED_RECIPE, cacheFolder);
    if (made === undefined) return undefined;
    return { path: made.path, checksum: { algorithm: 'sha256', hex: made.sha256 }, source: 'embedded' };
  }
  const isUrl = choice.kind === 'url';
  const file = isUrl ? downloadPath(choice.location, cacheFolder) : choice.location;
  if (!(await exists(file))) return undefined;
  const checksum = choice.checksum ?? { algorithm: 'sha256', hex: await digests.sha256(file) };
  const isPacked = compressionOf(await readHead(file)) !== undefined;
  const path = isPacked ? decompressedPath(file, checksum, cacheFolder) : file;
  if (!(await exists(path))) return undefined;
  return { path, checksum, source: isUrl ? shownUrl(choice.location) : choice.location };
}

async function provideBase(choice: BaseChoice, options: PrepareOptions): Promise<PreparedBase> {
  await mkdir(options.cacheFolder, { recursive: true });
  const { family, sshUser } = choice;
  if (choice.kind === 'embedded') {
    const disk = await provideDebianDisk(EMBEDDED_RECIPE, options.cacheFolder, options);
    const inspected = await inspectDisk(disk.path, options.signal);
    const checksum: Checksum = { algorithm: 'sha256', hex: disk.sha256 };
    return {
      ...inspected,
      path: disk.path,
      family,
      sshUser,
      checksum,
      source: 'embedded',
      reused: disk.reused,
    };
  }
  const fetched = choice.kind === 'url' ? await provideDownload(choice, options) : undefined;
  const file = fetched?.path ?? choice.location;
  const checksum = await verifiedChecksum(choice, file, options);
  const disk = await provideDisk(file, checksum, options);
  const inspected = await inspectDisk(disk.path, options.signal);
  const source = choice.kind === 'url' ? shownUrl(choice.location) : choice.location;
  const reused = disk.reused && fetched?.reused !== false;
  return { ...inspected, path: disk.path, family, sshUser, checksum, source, reused };
}

interface Provided {
  readonly path: string;
  readonly reused: boolean;
}

/** Where the file behind an address is kept. */
export function downloadPath(address: string, cacheFolder: string): string {
  const key = createHash('sha256').update(shownUrl(address)).digest('hex').slice(0, 16);
  return join(cacheFolder, `${key}-${fileNameOfUrl(address)}`);
}

async function provideDownload(choice: GivenChoice, options: PrepareOptions): Promise<Provided> {
  const path = downloadPath(choice.location, options.cacheFolder);
  if (await exists(path)) {
    if (choice.checksum === undefined) {
      const text = `using ${basename(path)} fetched earlier; remove it from ${options.cacheFolder} to fetch it anew`;
      options.emit({ type: 'notice', level: 'info', text });
    }
    return { path, reused: true };
  }
  const onProgress = byteReporter(options.emit, 'download');
  await download(choice.location, path, { ...signalOf(options), onProgress });
  return { path, reused: false };
}

/** The checksum that the file was found to have: the expected one, or else its SHA-256. */
async function verifiedChecksum(
  choice: GivenChoice,
  file: string,
  options: PrepareOptions,
): Promise<Checksum> {
  const totalBytes = await fileSizeBytes(file);
  const report = byteReporter(options.emit, 'checksum');
  const onBytes = (doneBytes: number): void => {
    report(doneBytes, totalBytes);
  };
  const hashing = { ...signalOf(options), onBytes };
  if (choice.checksum === undefined) {
    return { algorithm: 'sha256', hex: await hashFile(file, 'sha256', hashing) };
  }
  try {
    await verifyChecksum(file, choice.checksum, choice.name, hashing);
  } catch (thrown) {
    // A wrong download would otherwise be found in the cache for ever.
    const isWrong = thrown instanceof BuilderError && thrown.code === 'checksum-mismatch';
    if (isWrong && choice.kind === 'url') await rm(file, { force: true });
    throw thrown;
  }
  return choice.checksum;
}

/** The disk itself: the file, or its decompressed copy, which is named by the content of the file. */
async function provideDisk(file: string, checksum: Checksum, options: PrepareOptions): Promise<Provided> {
  const compression = compressionOf(await readHead(file));
  if (compression === undefined) return { path: file, reused: true };
  const target = decompressedPath(file, checksum, options.cacheFolder);
  if (await exists(target)) return { path: target, reused: true };
  const totalBytes = await fileSizeBytes(file);
  const report = byteReporter(options.emit, 'decompress');
  const onBytes = (doneBytes: number): void => {
    report(doneBytes, totalBytes);
  };
  await decompress(file, target, compression, { ...signalOf(options), onBytes });
  return { path: target, reused: false };
}

function decompressedPath(file: string, checksum: Checksum, cacheFolder: string): string {
  return join(cacheFolder, `${checksum.hex.slice(0, 16)}-${stemOf(basename(file))}.disk`);
}

function signalOf({ signal }: PrepareOptions): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

/** Turns byte counts into progress events: one per hundredth, and not one per chunk. */
function byteReporter(emit: Emit, item: string): (doneBytes: number, totalBytes: number | undefined) => void {
  let reported = -1;
  return (doneBytes, totalBytes) => {
    const isCounted = totalBytes !== undefined && totalBytes > 0;
    const fraction = isCounted ? Math.min(1, doneBytes / totalBytes) : 0;
    // Of unknown length: one event per 8 MiB.
    const step = isCounted ? Math.floor(fraction * 100) : Math.floor(doneBytes / 2 ** 23);
    if (step === reported) return;
    reported = step;
    emit({
      type: 'progress',
      phase: 'base',
      item,
      fraction,
      doneBytes,
      ...(isCounted ? { totalBytes } : {}),
    });
  };
}
