import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readMadeDisk } from './embedded-base.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';
import { givenBaseNames } from './find-base.ts';

/** A base image that is here already. */
export interface ListedBase {
  /** `embedded`: made here; `given`: in IMAGE_PATH; `cached`: fetched or decompressed by an earlier build. */
  readonly kind: 'embedded' | 'given' | 'cached';
  readonly name: string;
  readonly path: string;
  /** Bytes that it takes on this disk. */
  readonly diskBytes: number;
}

/** The base images that are here: the embedded one if it is made, those in IMAGE_PATH, and copies in the cache. */
export async function listBases(
  imagePath: string,
  cacheFolder: string,
  imageName?: string,
): Promise<readonly ListedBase[]> {
  const embedded = await readMadeDisk(EMBEDDED_RECIPE, cacheFolder);
  const listed: ListedBase[] = [];
  if (embedded !== undefined) {
    const { path } = embedded;
    listed.push({ kind: 'embedded', name: EMBEDDED_RECIPE.name, path, diskBytes: await diskBytes(path) });
  }
  for (const name of await givenBaseNames(imagePath, imageName)) {
    const path = join(imagePath, name);
    listed.push({ kind: 'given', name, path, diskBytes: await diskBytes(path) });
  }
  for (const name of await cachedNames(cacheFolder)) {
    const path = join(cacheFolder, name);
    listed.push({ kind: 'cached', name: name.slice(17), path, diskBytes: await diskBytes(path) });
  }
  return listed;
}

/** Downloads and decompressed copies are named by 16 hex digits, a dash, and their first name. */
async function cachedNames(cacheFolder: string): Promise<readonly string[]> {
  const names = await readdir(cacheFolder).catch(() => []);
  return names.filter((name) => /^[0-9a-f]{16}-/.test(name) && !/\.part(?:\.json)?$/.test(name)).sort();
}

async function diskBytes(path: string): Promise<number> {
  return stat(path).then(
    // Of a sparse file only the blocks that are there; POSIX counts them in units of 512 bytes.
    ({ blocks }) => blocks * 512,
    () => 0,
  );
}
