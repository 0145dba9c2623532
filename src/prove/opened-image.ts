import { basename } from 'node:path';
import { BuilderError } from '../errors.ts';
import { type DiskFormat, formatOfFile } from '../images/formats.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { imageInfo, virtualSizeOf } from '../qemu/qemu-img.ts';
import { temporaryFolder } from '../system/files.ts';
import { ProcessError } from '../system/process.ts';
import type { Scope } from '../system/scope.ts';

/** A finished file to prove. */
export interface ImageFile {
  readonly path: string;
  readonly format: DiskFormat;
}

/** A finished file whose disk QEMU can read. */
export interface OpenedImage extends ImageFile {
  /** The name, without folder. */
  readonly file: string;
  readonly disk: DiskFile;
  readonly virtualSizeBytes: number;
}

/** The format that a file's name tells. Fails with `format-unknown`. */
export function imageFileAt(path: string): ImageFile {
  const format = formatOfFile(basename(path));
  if (format !== undefined) return { path, format };
  throw new BuilderError('format-unknown', `the name of ${path} tells no format`, {
    hint: 'give it the extension of its format; the command formats lists them',
  });
}

/**
 * Finds the disk in a file; what must be unpacked goes into a folder in `parentFolder` that is removed when the scope
 * ends. Fails with `input-unreadable` when the file is missing, damaged, or of another format than its name says.
 */
export async function openImage(
  scope: Scope,
  image: ImageFile,
  parentFolder: string,
  signal: AbortSignal,
): Promise<OpenedImage> {
  const { path, format } = image;
  try {
    const disk = await format.open({ path, folder: await temporaryFolder(scope, parentFolder), signal });
    return { ...image, file: basename(path), disk, virtualSizeBytes: await virtualSizeOf(disk, signal) };
  } catch (thrown) {
    signal.throwIfAborted();
    throw await explain(thrown, image);
  }
}

async function explain(thrown: unknown, { path, format }: ImageFile): Promise<unknown> {
  if (thrown instanceof BuilderError && thrown.code === 'input-unreadable') return thrown;
  const isTool = thrown instanceof ProcessError && thrown.failure === 'exited';
  const isNoDisk = thrown instanceof BuilderError && thrown.code === 'base-not-a-disk';
  if (!isTool && !isNoDisk) return thrown;
  const found = await imageInfo(path).then(
    (info) => info.format,
    () => undefined,
  );
  const what = found === undefined || found === 'raw' ? '' : `; its content is ${found}`;
  return new BuilderError('input-unreadable', `${path} cannot be read as ${format.name}${what}`, {
    hint: 'give the file the extension of its format, or make it again',
    tail: thrown.tail,
    cause: thrown,
  });
}
