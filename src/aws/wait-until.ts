import { setTimeout as sleep } from 'node:timers/promises';
import { BuilderError } from '../errors.ts';

const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 15_000;
const GROWTH = 1.5;

export interface WaitOptions {
  /** What is waited for, in words. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Looks until there is an answer, ever less often, from every fifth of a second to every 15 s. Fails with `aws-unavailable` after the time. */
export async function waitUntil<Found>(
  look: () => Promise<Found | undefined>,
  { what, timeoutMs, signal }: WaitOptions,
): Promise<Found> {
  const found = await lookFor(look, timeoutMs, signal);
  if (found !== undefined) return found;
  throw new BuilderError('aws-unavailable', `${what} took longer than ${timeoutMs / 60_000} minutes`, {
    hint: 'the same command goes on waiting for it',
  });
}

/** As `waitUntil`; undefined when there is no answer after the time. */
export async function lookFor<Found>(
  look: () => Promise<Found | undefined>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const endMs = performance.now() + timeoutMs;
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * GROWTH, LONGEST_DELAY_MS)) {
    const found = await look();
    if (found !== undefined || performance.now() > endMs) return found;
    await sleep(delayMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
