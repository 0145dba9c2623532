import { rename, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../system/files.ts';

/** `20261123-233005`: the name of an output folder, in local time like the original's `date +%Y%m%d-%H%M%S`. */
export function stampName(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

/** Matches the names that `stampName` makes. */
export const STAMP_PATTERN = /^\d{8}-\d{6}$/;

/** The first stamp from `date` on whose folder is not there yet: two builds may end within one second. */
export async function freeStamp(parent: string, date: Date): Promise<string> {
  for (let timeMs = date.getTime(); ; timeMs += 1000) {
    const stamp = stampName(new Date(timeMs));
    if (!(await exists(join(parent, stamp)))) return stamp;
  }
}

/** Moves a folder that stands in the way aside, under a name that says what it is. Returns the new path. */
export async function moveAside(folder: string, kind: 'stale' | 'failed', date: Date): Promise<string> {
  for (let timeMs = date.getTime(); ; timeMs += 1000) {
    const target = `${folder}-${kind}-${stampName(new Date(timeMs))}`;
    if (await exists(target)) continue;
    await rename(folder, target);
    return target;
  }
}

/** Points `latest` at the newest output; the old link stays until the new one takes its place. */
export async function linkLatest(parent: string, stamp: string): Promise<void> {
  const partial = join(parent, `.latest-${process.pid}`);
  await unlink(partial).catch(() => undefined);
  await symlink(stamp, partial);
  try {
    await rename(partial, join(parent, 'latest'));
  } catch (thrown) {
    await unlink(partial);
    throw thrown;
  }
}
