import { describe, expect, it } from 'vitest';
import { AdaptiveLimit } from './adaptive-limit.ts';

/** Answers that tell what is usual. */
const FIRST = 16;

async function succeed(limit: AdaptiveLimit, times: number, tookMs = 100): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    await limit.enter();
    limit.leave(tookMs);
  }
}

describe('AdaptiveLimit', () => {
  it('lets so many in, and the next one when one has left', async () => {
    const limit = new AdaptiveLimit();
    for (let count = limit.size; count > 0; count -= 1) await limit.enter();
    let isIn = false;
    const waiting = limit.enter().then(() => {
      isIn = true;
    });
    await Promise.resolve();
    expect(isIn).toBe(false);
    limit.leave(undefined);
    await waiting;
    expect(isIn).toBe(true);
  });

  it('grows by one with each good answer, up to 64', async () => {
    const limit = new AdaptiveLimit();
    const { size } = limit;
    await succeed(limit, FIRST + 3);
    expect(limit.size).toBe(size + 3);
    await succeed(limit, 200);
    expect(limit.size).toBe(64);
  });

  it('grows no more when answers take twice as long as the first ones, until they are quick again', async () => {
    const limit = new AdaptiveLimit();
    await succeed(limit, FIRST + 8);
    await succeed(limit, 100, 250);
    const { size } = limit;
    expect(size).toBeLessThan(40);
    await succeed(limit, 50, 250);
    expect(limit.size).toBe(size);
    await succeed(limit, 200);
    expect(limit.size).toBeGreaterThan(size);
  });

  it('shrinks once for a burst of trouble, grows slowly after it, and never ends', async () => {
    let nowMs = 0;
    const limit = new AdaptiveLimit(() => nowMs);
    await succeed(limit, 200);
    for (let count = 0; count < 20; count += 1) limit.shrink();
    expect(limit.size).toBe(38);
    await succeed(limit, 38);
    expect(limit.size).toBe(39);
    for (let count = 0; count < 20; count += 1) {
      nowMs += 1001;
      limit.shrink();
    }
    expect(limit.size).toBe(1);
    await succeed(limit, 1);
  });
});
