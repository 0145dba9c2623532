import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { run } from '../system/process.ts';
import { findTarMember } from './tar/tar-members.ts';

export interface OpenJob {
  readonly path: string;
  /** A private folder for what must be unpacked first; whoever opens the disk removes it. */
  readonly folder: string;
  readonly signal: AbortSignal;
}

/** Finds the disk in a finished file, so that QEMU can read it. Fails with `input-unreadable`, or a tool's `ProcessError`. */
export type DiskOpener = (job: OpenJob) => Promise<DiskFile>;

/** The file is the disk. */
export function driverOpener(driver: string): DiskOpener {
  return ({ path }) => Promise.resolve({ path, driver });
}

/** The disk lies as it is in a plain tar archive, under a name that fits. */
export function memberOpener(driver: string, name: RegExp): DiskOpener {
  return async ({ path }) => {
    const part = await findTarMember(path, name);
    if (part !== undefined) return { path, driver, part };
    throw new BuilderError('input-unreadable', `${path} is no archive with a disk in it`, {
      hint: 'make the image again',
    });
  };
}

/** The only name that Compute Engine takes. */
export const GCE_DISK_NAME = 'disk.raw';

/** GNU tar unpacks it, with its holes. */
export const gceOpener: DiskOpener = async ({ path, folder, signal }) => {
  await run(['tar', '--extract', '--gzip', '--file', path, '--directory', folder, GCE_DISK_NAME], { signal });
  const unpacked = join(folder, GCE_DISK_NAME);
  // A link would have QEMU read whatever it leads to.
  if (!(await lstat(unpacked)).isFile()) {
    throw new BuilderError('input-unreadable', `${path} has no disk in it, but something else of that name`, {
      hint: 'make the image again',
    });
  }
  return { path: unpacked, driver: 'raw' };
};

/** zstd unpacks it; `--sparse`: its holes take no room. */
export const rawZstOpener: DiskOpener = async ({ path, folder, signal }) => {
  const unpacked = join(folder, basename(path, '.zst'));
  await run(['zstd', '-d', '-q', '--sparse', '-o', unpacked, path], { signal });
  return { path: unpacked, driver: 'raw' };
};
