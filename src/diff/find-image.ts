import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { isFixedVhd } from '../images/vhd-footer.ts';
import { readManifest } from '../output/read-manifest.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { imageInfo } from '../qemu/qemu-img.ts';

/** An image to compare, and how large its files are. */
export interface FoundImage {
  readonly disk: DiskFile;
  readonly virtualSizeBytes: number;
  /** Of the image in each format that there is of it. */
  readonly files: readonly { readonly format: string; readonly sizeBytes: number }[];
}

/** Formats whose files QEMU opens as they are; the first is the one that is read fastest. */
const READABLE = ['qcow2', 'raw', 'vdi', 'vhd', 'vhdx', 'vmdk', 'qcow2-zstd', 'vhd-azure', 'vmdk-stream'];

/**
 * Finds the image of a finished output, by its manifest, or takes a disk image as it is. Fails with `input-unreadable`,
 * or with `manifest-missing` or `manifest-malformed` for a folder that is no finished output.
 */
export async function findImage(path: string, signal: AbortSignal): Promise<FoundImage> {
  const stats = await stat(path).catch((thrown: unknown) => {
    const what =
      systemCode(thrown) === 'ENOENT' ? 'does not exist' : `cannot be read: ${asError(thrown).message}`;
    throw unreadable(`${path} ${what}`, 'give the folder of a finished output, or a disk image');
  });
  if (stats.isDirectory()) return imageOfOutput(resolve(path), signal);
  const { disk, virtualSizeBytes } = await inspect(path, signal);
  return { disk, virtualSizeBytes, files: [{ format: disk.driver, sizeBytes: stats.size }] };
}

async function imageOfOutput(folder: string, signal: AbortSignal): Promise<FoundImage> {
  const { artifacts } = await readManifest(folder);
  const file = READABLE.flatMap((name) => artifacts.filter(({ format }) => format === name))[0]?.file;
  if (file === undefined) {
    const formats = artifacts.map(({ format }) => format).join(', ');
    const message = `no image in ${folder} can be looked into where it lies (${formats || 'it has none'})`;
    throw unreadable(message, 'unpack one of them and name the disk itself, or build a qcow2 too');
  }
  const image = await inspect(join(folder, file), signal);
  const files = artifacts.map(({ format, bytes }) => ({ format, sizeBytes: bytes }));
  return { ...image, files };
}

async function inspect(path: string, signal: AbortSignal): Promise<Omit<FoundImage, 'files'>> {
  try {
    const driver = (await isFixedVhd(path)) ? { format: 'vpc' } : {};
    const { format, virtualSizeBytes } = await imageInfo(path, { ...driver, signal });
    return { disk: { path: resolve(path), driver: format }, virtualSizeBytes };
  } catch (thrown) {
    signal.throwIfAborted();
    const hint =
      'a qcow2, raw, vdi, vhd, vhdx or vmdk file with everything that it is based on can be compared';
    throw unreadable(`${path} cannot be opened as a disk image`, hint, thrown);
  }
}

function unreadable(message: string, hint: string, cause?: unknown): BuilderError {
  const tail = cause instanceof BuilderError ? cause.tail : [];
  return new BuilderError('input-unreadable', message, { hint, tail, cause });
}
