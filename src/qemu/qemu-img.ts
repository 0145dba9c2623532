import { chmod } from 'node:fs/promises';
import { z } from 'zod';
import { BuilderError } from '../errors.ts';
import { ProcessError, run } from '../system/process.ts';
import { type DiskFile, diskArguments } from './disk-file.ts';

/** What only some formats tell: of vmdk, the files that hold its data; of qcow2, a raw file that holds all of them. */
const Specific = z.object({
  data: z.object({
    extents: z
      .array(z.object({ filename: z.string(), format: z.string(), 'virtual-size': z.number() }))
      .default([]),
    'data-file': z.string().optional(),
  }),
});

const Info = z.object({
  filename: z.string(),
  format: z.string(),
  'virtual-size': z.number(),
  'actual-size': z.number().optional(),
  'cluster-size': z.number().optional(),
  'full-backing-filename': z.string().optional(),
  'format-specific': z.unknown().optional(),
});

/** What `qemu-img info` knows of a disk image. */
export interface ImageInfo {
  readonly path: string;
  readonly format: string;
  readonly virtualSizeBytes: number;
  /** Bytes that the file takes on its own disk. */
  readonly allocatedBytes: number;
  readonly clusterBytes: number | undefined;
  readonly backingFile: string | undefined;
  /** The raw file that holds a qcow2's data, as its header has it; undefined: they are in the qcow2 itself. */
  readonly dataFile: string | undefined;
  /** The plain files beside a flat vmdk that hold its data, and how long each should be. */
  readonly flatFiles: readonly { readonly path: string; readonly sizeBytes: number }[];
}

export interface InfoOptions {
  /** Format to open it as; guessed from the content when left out. A fixed VHD is guessed wrong (as raw). */
  readonly format?: string;
  readonly signal?: AbortSignal;
}

/** Reads a disk image's header. Fails with `base-not-a-disk` when qemu-img cannot open it. */
export async function imageInfo(path: string, options: InfoOptions = {}): Promise<ImageInfo> {
  return toImageInfo(Info.parse(JSON.parse(await infoOutput(path, [], options))));
}

/** The size of a disk as its machine sees it. Fails with `base-not-a-disk` when qemu-img cannot open it. */
export async function virtualSizeOf(disk: DiskFile, signal: AbortSignal): Promise<number> {
  const { flags, name } = diskArguments(disk);
  return Info.parse(JSON.parse(await infoOutput(name, flags, { signal })))['virtual-size'];
}

/**
 * Reads the headers of an image and of everything behind it, the top first: index n is what `qemu-img map` calls
 * depth n. Fails with `base-not-a-disk` when one of them is missing or cannot be opened.
 */
export async function imageChain(path: string, options: InfoOptions = {}): Promise<readonly ImageInfo[]> {
  const stdout = await infoOutput(path, ['--backing-chain'], options);
  return z.array(Info).parse(JSON.parse(stdout)).map(toImageInfo);
}

async function infoOutput(path: string, flags: readonly string[], options: InfoOptions): Promise<string> {
  const { format, signal } = options;
  // --force-share: the image may be the disk of a running machine; reading its header harms nothing.
  const argv = ['qemu-img', 'info', '--output=json', '--force-share', ...flags];
  if (format !== undefined) argv.push('-f', format);
  argv.push(path);
  try {
    return (await run(argv, signal === undefined ? {} : { signal })).stdout;
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') throw thrown;
    throw new BuilderError('base-not-a-disk', `qemu-img cannot read ${path} as a disk image`, {
      tail: thrown.tail,
      cause: thrown,
    });
  }
}

function toImageInfo(info: z.infer<typeof Info>): ImageInfo {
  const specific = Specific.safeParse(info['format-specific']).data?.data;
  return {
    path: info.filename,
    format: info.format,
    virtualSizeBytes: info['virtual-size'],
    allocatedBytes: info['actual-size'] ?? 0,
    clusterBytes: info['cluster-size'],
    backingFile: info['full-backing-filename'],
    dataFile: specific?.['data-file'],
    flatFiles: flatFilesOf(specific?.extents ?? []),
  };
}

type Extents = z.infer<typeof Specific>['data']['extents'];

function flatFilesOf(extents: Extents): ImageInfo['flatFiles'] {
  return extents
    .filter(({ format }) => format === 'FLAT')
    .map((extent) => ({ path: extent.filename, sizeBytes: extent['virtual-size'] }));
}

/**
 * Makes an empty qcow2 disk that reads as the one behind it, which may be in use and need not be there yet.
 * `backing.path` may be relative to the new disk's folder. Only its owner may read it. Fails with `ProcessError`.
 */
export async function createOverlay(
  path: string,
  backing: { readonly path: string; readonly format: string },
  sizeBytes: number,
): Promise<void> {
  const behind = ['-u', '-b', backing.path, '-F', backing.format];
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', ...behind, path, `${sizeBytes}`]);
  await chmod(path, 0o600);
}
