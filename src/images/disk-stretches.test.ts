import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataMap } from '../qemu/data-map.ts';
import { endOf, mergedRanges } from './disk-stretches.ts';

describe('mergedRanges', () => {
  it('covers all data, and leaves out every hole that is long enough, and no other', () => {
    const disk = fc.record({
      blocks: fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
      shortestHole: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(disk, ({ blocks, shortestHole }) => {
        const map = new DataMap(blocks.length, 1);
        for (const [startBytes, hasData] of blocks.entries())
          if (hasData) map.add({ startBytes, lengthBytes: 1 });
        const ranges = [...mergedRanges(map, shortestHole)];
        const covered = (block: number): boolean =>
          ranges.some((range) => block >= range.startBytes && block < endOf(range));
        for (const [block, hasData] of blocks.entries()) if (hasData) expect(covered(block)).toBe(true);
        for (const [index, range] of ranges.entries()) {
          // Each begins and ends with data.
          expect([blocks[range.startBytes], blocks[endOf(range) - 1]]).toEqual([true, true]);
          const next = ranges[index + 1];
          if (next !== undefined) expect(next.startBytes - endOf(range)).toBeGreaterThanOrEqual(shortestHole);
          const inside = blocks.slice(range.startBytes, endOf(range)).map((hasData) => (hasData ? 'd' : ' '));
          expect(inside.join('')).not.toContain(' '.repeat(shortestHole));
        }
      }),
    );
  });
});
