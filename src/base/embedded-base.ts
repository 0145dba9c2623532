import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { exists, fileSizeBytes, hashFile, writeFileWhole } from '../system/files.ts';
import { takeLock } from '../system/lock.ts';
import { Scope } from '../system/scope.ts';
import { diskKey, makeDebianDisk, type MakeDiskOptions } from './debian-disk.ts';
import type { DebianRecipe } from './debian-recipe.ts';

const DiskRecord = z.object({ recipe: z.string(), sha256: z.string(), sizeBytes: z.number() });

/** A disk made here, ready to be used. */
export interface MadeDisk {
  readonly path: string;
  readonly sha256: string;
  /** Whether an earlier run made it. */
  readonly reused: boolean;
}

/** Where a recipe's disk is kept. */
export function madeDiskPath(recipe: DebianRecipe, cacheFolder: string): string {
  return join(cacheFolder, `${recipe.name}-${diskKey(recipe)}.qcow2`);
}

/**
 * The disk of a recipe, made when it is not in the cache. Disks of the same name that an older recipe made go.
 * The small file beside it is written last: without it, a disk counts as not there.
 * Fails as `makeDebianDisk` does.
 */
export async function provideDebianDisk(
  recipe: DebianRecipe,
  cacheFolder: string,
  options: MakeDiskOptions,
): Promise<MadeDisk> {
  const path = madeDiskPath(recipe, cacheFolder);
  await using scope = new Scope();
  const known =
    (await readMadeDisk(recipe, cacheFolder)) ?? (await waitForTurn(scope, recipe, path, options));
  if (known !== undefined) return known;
  await makeDebianDisk(recipe, path, options);
  const sha256 = await hashFile(
    path,
    'sha256',
    options.signal === undefined ? {} : { signal: options.signal },
  );
  const record = { recipe: diskKey(recipe), sha256, sizeBytes: (await fileSizeBytes(path)) ?? 0 };
  await writeFileWhole(recordPath(path), `${JSON.stringify(record)}\n`);
  await removeOlder(recipe, cacheFolder);
  return { path, sha256, reused: false };
}

/** Waits while another process makes the same disk, and returns that one; undefined when it is ours to make. */
async function waitForTurn(
  scope: Scope,
  recipe: DebianRecipe,
  path: string,
  options: MakeDiskOptions,
): Promise<MadeDisk | undefined> {
  await mkdir(dirname(path), { recursive: true });
  for (let isTold = false; ; isTold = true) {
    const lock = await takeLock(scope, `${path}.lock`, diskKey(recipe));
    if (lock.taken) return readMadeDisk(recipe, dirname(path));
    const text = 'another process is making this base image: waiting for it';
    if (!isTold) options.emit({ type: 'notice', level: 'info', text });
    await sleep(1000, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(() => {
      options.signal?.throwIfAborted();
    });
  }
}

/** The recipe's disk if it is in the cache and whole. */
export async function readMadeDisk(recipe: DebianRecipe, cacheFolder: string): Promise<MadeDisk | undefined> {
  const path = madeDiskPath(recipe, cacheFolder);
  if (!(await exists(recordPath(path)))) return undefined;
  try {
    const record = DiskRecord.parse(JSON.parse(await readFile(recordPath(path), 'utf8')));
    const isWhole = record.sizeBytes === (await fileSizeBytes(path)) && record.recipe === diskKey(recipe);
    return isWhole ? { path, sha256: record.sha256, reused: true } : undefined;
  } catch {
    return undefined;
  }
}

function recordPath(diskPath: string): string {
  return `${diskPath}.json`;
}

async function removeOlder(recipe: DebianRecipe, cacheFolder: string): Promise<void> {
  const current = `${recipe.name}-${diskKey(recipe)}.qcow2`;
  for (const name of await readdir(cacheFolder)) {
    const key = name.startsWith(`${recipe.name}-`) ? name.slice(recipe.name.length + 1) : '';
    if (!/^[0-9a-f]{16}\.qcow2(?:\.json|\.lock|\.making)?$/.test(key) || name.startsWith(current)) continue;
    await rm(join(cacheFolder, name), { recursive: true, force: true });
  }
}
