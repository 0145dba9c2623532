import { rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BuilderError } from '../errors.ts';
import { restoreMemory, shrinkMemory, watchMemory } from '../qemu/balloon.ts';
import type { QmpClient } from '../qemu/qmp.ts';

const Migration = z.object({ status: z.string().optional(), 'error-desc': z.string().optional() });
const Status = z.object({ status: z.string() });

const POLL_MS = 50;
/** The program that packs the memory may need a moment after QEMU has handed it the last byte. */
const PACKED_WITHIN_MS = 30_000;
/** No limit in practice: the machine stands still, and only the disk's speed counts. */
const BANDWIDTH_BYTES_PER_S = 2 ** 40;

export interface CheckpointRequest {
  /** The machine's disk, as its monitor knows it. */
  readonly diskId: string;
  /** An overlay on the disk that the machine writes to now, already made; it writes there from now on. */
  readonly overlayPath: string;
  /** Where the memory goes, packed by zstd. Plain characters only: a shell reads it. */
  readonly memoryPath: string;
  /** Is told of each step as it is done: `stopped`, `disk`, `memory`, `running`. */
  readonly onStep: (step: string) => void;
}

/** How a checkpoint ended: the disk may have moved on although the memory could not be saved. */
export interface CheckpointResult {
  /** All of it, until the machine went on. */
  readonly checkpointMs: number;
  readonly hasNewDisk: boolean;
  /** Why there is no memory file, if there is none. */
  readonly failure: string | undefined;
}

/**
 * Saves a running machine and lets it go on. In this order (QEMU reopens a disk by its path, so that none is ever
 * moved): stop, a new overlay, the memory, go on. Whatever fails, the machine goes on; rejects only when it cannot.
 */
export async function saveMachine(monitor: QmpClient, request: CheckpointRequest): Promise<CheckpointResult> {
  const { onStep } = request;
  const startMs = performance.now();
  await shrinkMemory(monitor);
  let hasNewDisk = false;
  let failure: string | undefined;
  await monitor.execute('stop');
  try {
    onStep('stopped');
    await monitor.execute('blockdev-snapshot-sync', {
      device: request.diskId,
      'snapshot-file': request.overlayPath,
      format: 'qcow2',
      mode: 'existing',
    });
    hasNewDisk = true;
    onStep('disk');
    await saveMemory(monitor, request.memoryPath);
    onStep('memory');
  } catch (thrown) {
    failure = thrown instanceof Error ? thrown.message : String(thrown);
    await rm(request.memoryPath, { force: true });
  }
  await monitor.execute('cont');
  const checkpointMs = Math.round(performance.now() - startMs);
  await restoreMemory(monitor);
  await watchMemory(monitor);
  onStep('running');
  return { checkpointMs, hasNewDisk, failure };
}

async function saveMemory(monitor: QmpClient, path: string): Promise<void> {
  const partial = `${path}.partial`;
  const packed = `${path}.packed`;
  // QEMU does not tell how its helper ended: the rename does.
  const command = `umask 077 && zstd -q -1 -T0 > '${partial}' && mv '${partial}' '${packed}'`;
  await monitor.execute('migrate-set-parameters', { 'max-bandwidth': BANDWIDTH_BYTES_PER_S });
  try {
    await monitor.execute('migrate', { uri: `exec:${command}` });
    await migrated(monitor);
    await until(PACKED_WITHIN_MS, 'its memory could not be written', async () =>
      stat(packed).then(
        () => true,
        () => false,
      ),
    );
    await rename(packed, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}

async function migrated(monitor: QmpClient): Promise<void> {
  for (;;) {
    const { status, 'error-desc': why } = Migration.parse(await monitor.execute('query-migrate'));
    if (status === 'completed') return;
    if (status === 'failed' || status === 'cancelled')
      throw new Error(`its memory could not be saved: ${why ?? status}`);
    await sleep(POLL_MS);
  }
}

/**
 * Waits until a machine that was started with `-incoming` has its memory back, and lets it run. Fails with
 * `layer-damaged` when it ends before.
 */
export async function wakeMachine(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const { status } = Status.parse(await monitor.execute('query-status'));
    if (status === 'paused' || status === 'postmigrate' || status === 'prelaunch') break;
    if (status !== 'inmigrate')
      throw new BuilderError('layer-damaged', `the saved machine is in the state ${status}`);
    await sleep(POLL_MS);
  }
  await monitor.execute('cont');
  await restoreMemory(monitor);
  await watchMemory(monitor);
}

async function until(timeoutMs: number, failure: string, isDone: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isDone())) {
    if (performance.now() > deadlineMs) throw new Error(failure);
    await sleep(POLL_MS);
  }
}
