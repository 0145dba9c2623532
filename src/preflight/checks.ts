import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { GivenFile, Settings } from '../settings/settings.ts';
import { exists, fileSizeBytes, freeBytes } from '../system/files.ts';

const INSTALLER_NAME = 'dcos_generate_config.sh';

/**
 * The DC/OS installer: the given one, or `dcos_generate_config.sh` in IMAGE_PATH, if it is there. Fails with
 * `payload-missing` when a given path leads nowhere.
 */
export async function findInstaller(settings: Settings): Promise<GivenFile | undefined> {
  const given = settings.dcosInstaller;
  if (given === undefined) {
    const location = join(settings.imagePath, INSTALLER_NAME);
    return (await exists(location)) ? { location, sha256: settings.dcosInstallerSha256 } : undefined;
  }
  await requireFile('DCOS_INSTALLER', given.location);
  return given;
}

/** Fails with `payload-missing` when a path that a variable names is no readable file. Addresses are not asked for. */
export async function requireFile(variable: string, location: string): Promise<void> {
  if (/^https?:/i.test(location)) return;
  try {
    await access(location, constants.R_OK);
  } catch (thrown) {
    throw new BuilderError('payload-missing', `${variable} is ${location}, which cannot be read`, {
      hint: `check the path in ${variable}; in the container it must lie in a mounted folder`,
      cause: asError(thrown),
    });
  }
  if ((await stat(location)).isFile()) return;
  throw new BuilderError('payload-missing', `${variable} is ${location}, which is not a file`, {
    hint: `set ${variable} to the file itself`,
  });
}

/** Makes IMAGE_PATH if it is not there, and returns it. Fails with `image-path-unusable` when it cannot be written. */
export async function requireImagePath(imagePath: string): Promise<string> {
  try {
    await mkdir(imagePath, { recursive: true });
    await access(imagePath, constants.R_OK | constants.W_OK | constants.X_OK);
    return imagePath;
  } catch (thrown) {
    throw new BuilderError('image-path-unusable', `IMAGE_PATH ${imagePath} cannot be written`, {
      hint: 'set IMAGE_PATH or --image-path to a folder that you may write',
      cause: asError(thrown),
    });
  }
}

/** Fails with `disk-full` when the file system of a folder has less room than a build needs. Returns what is free. */
export async function requireRoom(folder: string, needed: number): Promise<number> {
  const free = await freeBytes(folder);
  if (free >= needed) return free;
  throw new BuilderError(
    'disk-full',
    `${folder} has ${gib(free)} GiB of room, and the build needs ${gib(needed)} GiB`,
    {
      hint: 'make room, or set IMAGE_PATH to a folder on a larger disk',
    },
  );
}

/** Size of a file by path; 0 for an address, whose size nobody knows yet. */
export async function sizeOrZero(location: string | undefined): Promise<number> {
  return (location === undefined ? undefined : await fileSizeBytes(location)) ?? 0;
}

/** GiB with one decimal. */
export function gib(bytes: number): string {
  return (bytes / 1024 ** 3).toFixed(1);
}
