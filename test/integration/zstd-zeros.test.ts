import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { zeroFrames } from '../../src/images/zstd-zeros.ts';

describe('zeroFrames', () => {
  it.each([1, 512, 131_071, 131_072, 131_073, 10_000_000])('are %i zeros to zstd itself', (length) => {
    const input = Buffer.concat([...zeroFrames(length)]);
    const { stdout, status } = spawnSync('zstd', ['-dc'], { input, maxBuffer: 2 * length + 1024 });
    expect(status).toBe(0);
    expect(stdout.equals(Buffer.alloc(length))).toBe(true);
  });

  it('take little for much, in frames of 1 GiB', () => {
    const frames = [...zeroFrames(20 * 1024 ** 3 + 1)];
    expect(frames).toHaveLength(21);
    expect(Buffer.concat(frames).length).toBeLessThan(1024 ** 2);
  });

  it('are none for no zeros', () => {
    expect([...zeroFrames(0)]).toEqual([]);
  });
});
