import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { killLeftovers, RUN_LABEL } from '../system/leftovers.ts';
import { takeLock } from '../system/lock.ts';
import type { Scope } from '../system/scope.ts';

/** Block lists of so many disks are kept: each may be the parent of a later one. */
const MOST_LISTS = 20;
/** AWS gives a pending snapshot up after three days; its journal is of no use then. */
const JOURNAL_DAYS = 7;
const DAY_MS = 86_400_000;

/** Where a computer keeps what it knows of its publishes: `IMAGE_PATH/.published`. */
export function stateFolderOf(imagePath: string): string {
  return join(imagePath, '.published');
}

/**
 * Takes the folder for as long as the scope lives, and removes from it what nobody needs any more. Fails with
 * `publish-busy` when another publish has it.
 */
export async function openState(scope: Scope, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const runId = randomUUID();
  const lock = await takeLock(scope, join(folder, '.lock'), runId);
  if (!lock.taken) {
    const who = lock.holder === undefined ? '' : ` (process ${lock.holder.pid} on ${lock.holder.host})`;
    throw new BuilderError('publish-busy', `another publish is at work with ${folder}${who}`, {
      hint: 'wait for it; --copy-to publishes to several regions at once',
    });
  }
  // What a run that was killed left: the server that it read the disk with.
  if (lock.previous !== undefined) await killLeftovers(lock.previous.runId);
  process.env[RUN_LABEL] = runId;
  await removeOld(folder);
}

async function removeOld(folder: string): Promise<void> {
  const nowMs = Date.now();
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({
      name,
      ageMs: nowMs - (await stat(join(folder, name))).mtimeMs,
    })),
  );
  const lists = files.filter(({ name }) => name.endsWith('.blocks')).sort((a, b) => a.ageMs - b.ageMs);
  const old = [
    // Left by a run that was killed: nobody else is at work here.
    ...files.filter(({ name }) => name.startsWith('.partial-')),
    ...files.filter(({ name, ageMs }) => name.endsWith('.sent') && ageMs > JOURNAL_DAYS * DAY_MS),
    ...lists.slice(MOST_LISTS),
  ];
  for (const { name } of old) await rm(join(folder, name), { force: true });
}
