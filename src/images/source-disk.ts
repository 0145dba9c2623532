import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import { checkImage } from '../qemu/qemu-img-check.ts';
import { type ImageInfo, imageChain } from '../qemu/qemu-img.ts';
import { type Extent, readMap } from '../qemu/qemu-img-map.ts';
import { ProcessError } from '../system/process.ts';
import { isFixedVhd } from './vhd-footer.ts';

/** A disk image that was looked through and can be converted. */
export interface SourceDisk {
  /** Absolute; its folder holds no links, its last part may be one. */
  readonly path: string;
  readonly driver: string;
  readonly virtualSizeBytes: number;
  /** Bytes of the disk that hold data, wherever in the chain they are. */
  readonly dataBytes: number;
  /** Real paths of every file that it is read from, the file that `path` leads to first. */
  readonly files: readonly string[];
  /** Whether the file at `path` itself is the whole disk: no link, nothing behind it. */
  readonly standsAlone: boolean;
}

const SECTOR_BYTES = 512;
/** The drivers of what `qemu-img check` can check. */
const CHECKABLE_DRIVERS = ['qcow2', 'vdi', 'vhdx', 'vmdk'];

/**
 * Finds out what a disk image is by its content, and that it and everything behind it is whole, without writing
 * anything. Fails with `input-unreadable` when it is missing, no disk image, damaged or cut off.
 */
export async function inspectSource(path: string, signal?: AbortSignal): Promise<SourceDisk> {
  const place = await placeOf(path);
  const file = await readableFile(place);
  const chain = await chainOf(place, signal);
  const [top] = chain;
  if (top === undefined) throw unreadable(`qemu-img says nothing of ${place}`, []);
  if (top.format === 'raw') await refuseNoDisk(file);
  for (const image of chain) await refuseDamaged(image, signal);
  const dataBytes = await measureData(place, chain, signal);
  const files = await Promise.all(chain.map((image) => realpath(image.path).catch(() => image.path)));
  return {
    path: place,
    driver: top.format,
    virtualSizeBytes: top.virtualSizeBytes,
    dataBytes,
    files,
    standsAlone: chain.length === 1 && files[0] === place,
  };
}

async function placeOf(path: string): Promise<string> {
  const absolute = resolve(path);
  const folder = await realpath(dirname(absolute)).catch((cause: unknown) => {
    throw missing(absolute, cause);
  });
  return join(folder, basename(absolute));
}

async function readableFile(path: string): Promise<string> {
  const file = await realpath(path).catch((cause: unknown) => {
    throw missing(path, cause);
  });
  await access(file, constants.R_OK).catch((cause: unknown) => {
    throw unreadable(`${path} cannot be read: ${asError(cause).message}`, [], cause);
  });
  if ((await stat(file)).isDirectory()) throw unreadable(`${path} is a folder, not a disk image`, []);
  return file;
}

async function chainOf(path: string, signal: AbortSignal | undefined): Promise<readonly ImageInfo[]> {
  const format = (await isFixedVhd(path)) ? { format: 'vpc' } : {};
  return imageChain(path, { ...format, ...(signal === undefined ? {} : { signal }) }).catch(
    (thrown: unknown) => {
      if (!(thrown instanceof BuilderError) || thrown.code !== 'base-not-a-disk') throw thrown;
      // qemu-img's last line names the file: it may be one behind this one that is missing.
      throw unreadable(`${path} cannot be opened as a disk image`, thrown.tail, thrown);
    },
  );
}

/** qemu-img takes any file at all for a raw disk; one that is not made of whole sectors is none. */
async function refuseNoDisk(file: string): Promise<void> {
  const stats = await stat(file);
  if (!stats.isFile() || (stats.size > 0 && stats.size % SECTOR_BYTES === 0)) return;
  const message = `${file} is not a disk image: it has no known format, and its ${stats.size} bytes are no raw disk`;
  throw unreadable(message, []);
}

async function refuseDamaged(image: ImageInfo, signal?: AbortSignal): Promise<void> {
  const { path, format, clusterBytes, dataFile } = image;
  if (dataFile !== undefined) throw notWhole(path, dataFile);
  for (const flat of image.flatFiles) await refuseShort(flat.path, flat.sizeBytes);
  if (!CHECKABLE_DRIVERS.includes(format)) return;
  const check = await checkImage({ path, driver: format }, signal).catch((thrown: unknown) => {
    throw explain(path, thrown);
  });
  if (check.errors > 0) throw damaged(path, `qemu-img check finds ${check.errors} errors`, check.tail);
  const { size } = await stat(path);
  const { endOffsetBytes = 0 } = check;
  // The last cluster of a compressed image need not be filled up; whatever lacks more than that was cut off.
  if (format === 'qcow2' && size <= endOffsetBytes - (clusterBytes ?? 0)) {
    throw damaged(path, cutOff(size, endOffsetBytes), []);
  }
}

/**
 * Sums up the data of the disk, and makes sure that all of it lies inside its files: drivers read what lies behind
 * a file's end as zeros, without a word.
 */
async function measureData(
  path: string,
  chain: readonly ImageInfo[],
  signal: AbortSignal | undefined,
): Promise<number> {
  let dataBytes = 0;
  const endsBytes = chain.map(() => 0);
  const onExtent = ({ hasData, lengthBytes, offsetBytes, depth }: Extent): void => {
    if (!hasData) return;
    dataBytes += lengthBytes;
    if (offsetBytes === undefined) return;
    endsBytes[depth] = Math.max(endsBytes[depth] ?? 0, offsetBytes + lengthBytes);
  };
  await readMap(path, chain[0]?.format ?? 'raw', onExtent, signal).catch((thrown: unknown) => {
    throw explain(path, thrown);
  });
  for (const [depth, image] of chain.entries()) await refuseCutOff(image, endsBytes[depth] ?? 0);
  return dataBytes;
}

async function refuseCutOff({ path, format }: ImageInfo, endBytes: number): Promise<void> {
  // A vmdk may have its data in other files; its own check finds what is cut off.
  if (format !== 'vmdk') await refuseShort(path, endBytes);
}

async function refuseShort(path: string, neededBytes: number): Promise<void> {
  const stats = await stat(path);
  // A block device has no size of its own.
  if (stats.isFile() && stats.size < neededBytes) throw damaged(path, cutOff(stats.size, neededBytes), []);
}

function cutOff(sizeBytes: number, endBytes: number): string {
  return `it ends after ${sizeBytes} bytes, and its data reach up to ${endBytes}`;
}

/** Says why qemu-img could not read an image that it could open before. */
function explain(path: string, thrown: unknown): unknown {
  if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') return thrown;
  if (!thrown.tail.some((line) => line.includes('Is another process using the image'))) {
    return damaged(path, 'its tables cannot be read', thrown.tail, thrown);
  }
  return new BuilderError('input-unreadable', `${path} is in use by another process`, {
    hint: 'stop the machine that writes to it, then convert again',
    tail: thrown.tail,
    cause: thrown,
  });
}

function missing(path: string, cause: unknown): BuilderError {
  return new BuilderError('input-unreadable', `${path} does not exist`, {
    hint: 'give the path of a disk image',
    cause,
  });
}

function notWhole(path: string, dataFile: string): BuilderError {
  return new BuilderError('input-unreadable', `${path} keeps its data in another file, ${dataFile}`, {
    hint: `make a whole one: qemu-img convert -O qcow2 ${path} whole.qcow2`,
  });
}

function unreadable(message: string, tail: readonly string[], cause?: unknown): BuilderError {
  return new BuilderError('input-unreadable', message, {
    hint: 'give a qcow2, raw, vdi, vhd, vhdx or vmdk file with everything that it is based on',
    tail,
    cause,
  });
}

function damaged(path: string, why: string, tail: readonly string[], cause?: unknown): BuilderError {
  return new BuilderError('input-unreadable', `${path} is damaged or cut off: ${why}`, {
    hint: 'make or fetch the image again',
    tail,
    cause,
  });
}
