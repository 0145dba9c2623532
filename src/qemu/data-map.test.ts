import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataMap } from './data-map.ts';

const BLOCK = 10;

describe('DataMap', () => {
  it('covers exactly the blocks that any stretch touches, in order, none longer than asked', () => {
    const stretch = fc.record({ startBytes: fc.nat(999), lengthBytes: fc.integer({ min: 1, max: 300 }) });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(stretch, { maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        (sizeBytes, all, longestBlocks) => {
          const stretches = all
            .filter(({ startBytes }) => startBytes < sizeBytes)
            .map((each) => ({
              ...each,
              lengthBytes: Math.min(each.lengthBytes, sizeBytes - each.startBytes),
            }));
          const map = new DataMap(sizeBytes, BLOCK);
          for (const each of stretches) map.add(each);

          const expected = new Set<number>();
          for (const { startBytes, lengthBytes } of stretches) {
            for (let byte = startBytes; byte < startBytes + lengthBytes; byte += 1)
              expected.add(Math.floor(byte / BLOCK));
          }
          const found: number[] = [];
          for (const { startBytes, lengthBytes } of map.ranges(longestBlocks * BLOCK)) {
            expect(lengthBytes).toBeLessThanOrEqual(longestBlocks * BLOCK);
            expect(startBytes + lengthBytes).toBeLessThanOrEqual(sizeBytes);
            for (let byte = startBytes; byte < startBytes + lengthBytes; byte += BLOCK)
              found.push(byte / BLOCK);
          }
          expect(found).toEqual([...expected].sort((a, b) => a - b));
        },
      ),
    );
  });

  it('sums up its data, the last block as long as the disk has it', () => {
    const map = new DataMap(25, BLOCK);
    map.add({ startBytes: 0, lengthBytes: 1 });
    map.add({ startBytes: 24, lengthBytes: 1 });
    expect(map.dataBytes).toBe(15);
  });

  it('has nothing for a disk without data, or without size', () => {
    expect([...new DataMap(1000, BLOCK).ranges()]).toEqual([]);
    expect([...new DataMap(0, BLOCK).ranges()]).toEqual([]);
  });
});
