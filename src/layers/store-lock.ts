import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BuilderError } from '../errors.ts';
import { takeLock } from '../system/lock.ts';
import { Scope } from '../system/scope.ts';
import type { LayerStore } from './store.ts';

const RETRY_MS = 100;
/** Whoever has the store alone only deletes, and is soon done. */
const WAIT_MS = 60_000;

/**
 * Keeps the layers of a store from being removed until the scope ends; any number of builds may do so at a time. What
 * was cut off is cleared away first, when nobody else uses the store. Fails with `layers-busy`.
 */
export async function useStore(scope: Scope, store: LayerStore): Promise<void> {
  await withStoreAlone(store, async () => {
    await store.remove(await store.abandoned());
  });
  const deadlineMs = performance.now() + WAIT_MS;
  while (!(await takeLock(scope, lockPath(store), '', 'shared')).taken) {
    if (performance.now() > deadlineMs) throw busy(store);
    await sleep(RETRY_MS);
  }
}

/** Does something that only whoever has the store alone may do. Returns false, without doing it, while it is in use. */
export async function withStoreAlone(store: LayerStore, work: () => Promise<void>): Promise<boolean> {
  await using scope = new Scope();
  if (!(await takeLock(scope, lockPath(store), '')).taken) return false;
  await work();
  return true;
}

function busy(store: LayerStore): BuilderError {
  return new BuilderError(
    'layers-busy',
    `another process has the layers in ${store.path}, and does not let go`,
    {
      hint: 'wait until it has ended, or build with --no-layers',
    },
  );
}

function lockPath(store: LayerStore): string {
  return join(store.path, 'lock');
}
