import { z } from 'zod';
import { BuilderError } from '../errors.ts';
import { ProcessError, run } from '../system/process.ts';

const Info = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'actual-size': z.number().optional(),
  'full-backing-filename': z.string().optional(),
});

/** What `qemu-img info` knows of a disk image. */
export interface ImageInfo {
  readonly format: string;
  readonly virtualSizeBytes: number;
  /** Bytes that the file takes on its own disk. */
  readonly allocatedBytes: number;
  readonly backingFile: string | undefined;
}

export interface InfoOptions {
  /** Format to open it as; guessed from the content when left out. A fixed VHD is guessed wrong (as raw). */
  readonly format?: string;
  readonly signal?: AbortSignal;
}

/** Reads a disk image's header. Fails with `base-not-a-disk` when qemu-img cannot open it. */
export async function imageInfo(path: string, options: InfoOptions = {}): Promise<ImageInfo> {
  const { signal } = options;
  // --force-share: the image may be the disk of a running machine; reading its header harms nothing.
  const argv = ['qemu-img', 'info', '--output=json', '--force-share'];
  if (options.format !== undefined) argv.push('-f', options.format);
  argv.push(path);
  try {
    const { stdout } = await run(argv, signal === undefined ? {} : { signal });
    const info = Info.parse(JSON.parse(stdout));
    return {
      format: info.format,
      virtualSizeBytes: info['virtual-size'],
      allocatedBytes: info['actual-size'] ?? 0,
      backingFile: info['full-backing-filename'],
    };
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') throw thrown;
    throw new BuilderError('base-not-a-disk', `qemu-img cannot read ${path} as a disk image`, {
      tail: thrown.tail,
      cause: thrown,
    });
  }
}
