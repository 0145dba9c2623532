import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 12;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 20_000;

/**
 * How long to wait before the next try: any time up to a bound that doubles with each, so that many requests that failed at
 * once do not come back at once. `tries` is how many have failed, `random` gives 0 to 1.
 */
export function retryDelayMs(tries: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (tries - 1));
}

export interface RetryOptions {
  /** Whether a failure may go away by itself. */
  readonly isTransient: (thrown: unknown) => boolean;
  /** Is told of each failure that is followed by another try. */
  readonly onRetry?: (thrown: unknown) => void;
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/** Does something that may fail for a while, twelve times at most, for two minutes at most between them. */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { isTransient, onRetry, signal, random }: RetryOptions,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (thrown) {
      // Whoever aborted said why; the broken request only says that it broke.
      signal.throwIfAborted();
      if (tries === TRIES || !isTransient(thrown)) throw thrown;
      onRetry?.(thrown);
    }
    await sleep(retryDelayMs(tries, random), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
