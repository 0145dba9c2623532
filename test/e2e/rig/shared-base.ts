import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { findBase } from '../../../src/base/find-base.ts';
import { type PreparedBase, prepareBase } from '../../../src/base/prepare-base.ts';
import { PROJECT_FOLDER } from './program.ts';

/** The base cache that the tests share: making the embedded base takes over a minute, and no test changes it. */
export const SHARED_BASE_CACHE = join(PROJECT_FOLDER, '.cache/e2e');

/** The embedded base, made once for all tests (and kept between runs on a developer's machine). */
export async function sharedBase(): Promise<PreparedBase> {
  await mkdir(SHARED_BASE_CACHE, { recursive: true });
  const nothing = { location: undefined, checksum: undefined, family: undefined };
  const choice = await findBase({ imagePath: SHARED_BASE_CACHE, ...nothing });
  return prepareBase(choice, { cacheFolder: SHARED_BASE_CACHE, emit: () => undefined });
}

/** Makes a new IMAGE_PATH use the shared base. */
export async function linkSharedBase(imagePath: string): Promise<void> {
  await sharedBase();
  await mkdir(imagePath, { recursive: true });
  await symlink(SHARED_BASE_CACHE, join(imagePath, '.cache'));
}
