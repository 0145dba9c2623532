import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs, withRetries } from './retries.ts';

const always = { isTransient: () => true, signal: new AbortController().signal, random: () => 0 };

/** Work that fails so often before it succeeds. */
function failing(times: number): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const work = (): Promise<string> => {
    calls += 1;
    return calls > times ? Promise.resolve('done') : Promise.reject(new Error(`failure ${calls}`));
  };
  return { work, calls: () => calls };
}

describe('withRetries', () => {
  it('tries again while a failure may pass, and tells of each', async () => {
    const { work, calls } = failing(3);
    const told: unknown[] = [];
    const onRetry = (thrown: unknown): void => void told.push(String(thrown));
    expect(await withRetries(work, { ...always, onRetry })).toBe('done');
    expect(calls()).toBe(4);
    expect(told).toEqual(['Error: failure 1', 'Error: failure 2', 'Error: failure 3']);
  });

  it('gives up after twelve, with the last failure', async () => {
    const { work, calls } = failing(100);
    await expect(withRetries(work, always)).rejects.toThrow('failure 12');
    expect(calls()).toBe(12);
  });

  it('does not try again what will not pass', async () => {
    const { work, calls } = failing(1);
    await expect(withRetries(work, { ...always, isTransient: () => false })).rejects.toThrow('failure 1');
    expect(calls()).toBe(1);
  });

  it('ends a wait when it is told to stop', async () => {
    const stop = new AbortController();
    const waiting = withRetries(failing(5).work, { ...always, signal: stop.signal, random: () => 1 });
    setTimeout(() => stop.abort(new Error('enough')), 10);
    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('retryDelayMs', () => {
  it('is below a bound that doubles up to 20 s', () => {
    expect([1, 2, 3, 7, 8, 12].map((tries) => retryDelayMs(tries, () => 1))).toEqual([
      200, 400, 800, 12_800, 20_000, 20_000,
    ]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (tries, luck) => {
          const delayMs = retryDelayMs(tries, () => luck);
          return delayMs >= 0 && delayMs <= 20_000;
        },
      ),
    );
  });
});
