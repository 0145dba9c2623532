import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 100;

/**
 * Runs work that writes a file, and flushes the file again and again meanwhile. What must be on the disk in the end
 * then starts on its way at once, while the processor is busy; left alone, the kernel would collect gigabytes first
 * and then let every writer wait for the disk. Returns the work's result and hides no failure of it.
 */
export async function flushWhile<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const done = new AbortController();
  const flushing = keepFlushing(path, done.signal);
  try {
    return await work();
  } finally {
    done.abort();
    await flushing;
  }
}

async function keepFlushing(path: string, done: AbortSignal): Promise<void> {
  while (!done.aborted) {
    await sleep(PAUSE_MS, undefined, { signal: done }).catch(() => undefined);
    // Before the file is there, and where flushing fails, the last flush, after the work, is the one that counts.
    await flush(path).catch(() => undefined);
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}
