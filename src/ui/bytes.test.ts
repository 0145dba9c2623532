import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatBytes } from './bytes.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

describe('formatBytes', () => {
  it.each([
    [0, '0 B', 'nothing'],
    [1023, '1023 B', 'the last whole number of bytes'],
    [1024, '1 KiB', 'binary units'],
    [1536, '1.5 KiB', 'a part of a unit has one decimal'],
    [512.3 * MIB, '512.3 MiB', 'an ordinary image'],
    [8 * GIB, '8 GiB', 'a virtual size is a whole number'],
    [GIB - 1, '1.0 GiB', 'rounding reaches the next unit, which is never "1024.0 MiB"'],
    [3 * 1024 ** 4, '3 TiB', 'the largest disks'],
  ])('%d is "%s": %s', (sizeBytes, text) => {
    expect(formatBytes(sizeBytes)).toBe(text);
  });

  it('never needs more than four digits before the point', () => {
    fc.assert(
      fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (sizeBytes) => {
        expect(Number.parseFloat(formatBytes(sizeBytes))).toBeLessThan(1024);
      }),
    );
  });
});
