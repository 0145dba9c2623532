import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { QmpClient } from './qmp.ts';

/** The device's id on QEMU's command line. */
export const BALLOON_ID = 'balloon0';
const DEVICE = `/machine/peripheral/${BALLOON_ID}`;

const Size = z.object({ 'base-memory': z.number() });
const Actual = z.object({ actual: z.number() });
const Stats = z.object({
  'last-update': z.number(),
  stats: z.object({
    'stat-available-memory': z.number(),
    'stat-free-memory': z.number(),
    'stat-total-memory': z.number(),
  }),
});

/** Caches that are left to the guest, and the least that it is left with. */
const CACHE_BYTES = 256 * 1024 ** 2;
const SMALLEST_BYTES = 512 * 1024 ** 2;
/** Less than this is not worth the time. */
const WORTHWHILE_BYTES = 192 * 1024 ** 2;
const SHRINK_WITHIN_MS = 5000;
const POLL_MS = 50;

/** Asks the guest to tell how much memory it uses; once, when the machine runs. */
export async function watchMemory(monitor: QmpClient): Promise<void> {
  await monitor
    .execute('qom-set', { path: DEVICE, property: 'guest-stats-polling-interval', value: 1 })
    .catch(() => undefined);
}

/**
 * Takes memory from the guest that it only uses to cache files, so that a checkpoint need not hold it. Does nothing when
 * the guest has no driver for the balloon, or little to give.
 */
export async function shrinkMemory(monitor: QmpClient): Promise<void> {
  const target = await shrunkBytes(monitor);
  if (target === undefined) return;
  await monitor.execute('balloon', { value: target });
  const deadlineMs = performance.now() + SHRINK_WITHIN_MS;
  while (performance.now() < deadlineMs && (await actualBytes(monitor)) > target) await sleep(POLL_MS);
}

/** Gives the guest all its memory; it takes it back by itself, in about a second. */
export async function restoreMemory(monitor: QmpClient): Promise<void> {
  const size = Size.parse(await monitor.execute('query-memory-size-summary'));
  // A machine without the device has all of it.
  await monitor.execute('balloon', { value: size['base-memory'] }).catch(() => undefined);
}

async function shrunkBytes(monitor: QmpClient): Promise<number | undefined> {
  const answer = await monitor
    .execute('qom-get', { path: DEVICE, property: 'guest-stats' })
    .catch(() => undefined);
  const parsed = Stats.safeParse(answer);
  if (!parsed.success || parsed.data['last-update'] === 0) return undefined;
  const { stats } = parsed.data;
  const total = stats['stat-total-memory'];
  // Drivers before Linux 4.6 tell nothing of what is available: such a value is all ones.
  if (stats['stat-available-memory'] > total) return undefined;
  const wanted = Math.max(SMALLEST_BYTES, total - stats['stat-available-memory'] + CACHE_BYTES);
  const held = total - stats['stat-free-memory'];
  return held - wanted > WORTHWHILE_BYTES ? wanted : undefined;
}

async function actualBytes(monitor: QmpClient): Promise<number> {
  return Actual.parse(await monitor.execute('query-balloon')).actual;
}
