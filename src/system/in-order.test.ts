import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inOrder } from './in-order.ts';

describe('inOrder', () => {
  it('gives results in the order of the items, and never works on more at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(3), { maxLength: 20 }),
        fc.integer({ min: 1, max: 6 }),
        async (delaysMs, atOnce) => {
          let working = 0;
          let most = 0;
          const results: number[] = [];
          const work = async (index: number): Promise<number> => {
            working += 1;
            most = Math.max(most, working);
            await delay(delaysMs[index]);
            working -= 1;
            return index;
          };
          for await (const result of inOrder(delaysMs.keys(), atOnce, work)) results.push(result);
          expect(results).toEqual([...delaysMs.keys()]);
          expect(most).toBeLessThanOrEqual(atOnce);
        },
      ),
      { numRuns: 30 },
    );
  });

  it('does not start what nobody takes', async () => {
    const started: number[] = [];
    const results = inOrder([1, 2, 3, 4, 5, 6], 2, (item) => {
      started.push(item);
      return Promise.resolve(item);
    });
    await results.next();
    await delay(5);
    expect(started).toEqual([1, 2]);
    await results.return(undefined);
  });

  it('ends with the first failure, after what is under way has ended', async () => {
    let ended = false;
    const work = async (item: number): Promise<number> => {
      if (item === 1) throw new Error('no');
      await delay(20);
      ended = true;
      return item;
    };
    const results = inOrder([1, 2, 3, 4], 2, work);
    await expect(results.next()).rejects.toThrow('no');
    expect(ended).toBe(true);
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });
});
