import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { atOnce } from './at-once.ts';

it('keeps to its limit, begins the next as soon as any has ended, and keeps the order', async () => {
  let running = 0;
  let most = 0;
  const ended: number[] = [];
  const results = await atOnce([60, 5, 5, 5], 2, async (ms) => {
    running += 1;
    most = Math.max(most, running);
    await sleep(ms);
    running -= 1;
    ended.push(ms);
    return ms * 2;
  });
  expect(results).toEqual([120, 10, 10, 10]);
  expect(most).toBe(2);
  expect(ended).toEqual([5, 5, 5, 60]);
});

it('lets what is under way end after a failure, and begins nothing more', async () => {
  const begun: string[] = [];
  const ended: string[] = [];
  const work = async (item: string): Promise<void> => {
    begun.push(item);
    if (item === 'bad') throw new Error('bad one');
    await sleep(20);
    ended.push(item);
  };
  await expect(atOnce(['good', 'bad', 'never'], 2, work)).rejects.toThrow('bad one');
  expect(begun).toEqual(['good', 'bad']);
  expect(ended).toEqual(['good']);
});
