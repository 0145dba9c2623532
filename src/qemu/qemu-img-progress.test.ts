import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFraction } from './qemu-img-progress.ts';

describe('parseFraction', () => {
  it('reads every percentage that qemu-img writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (hundredths) => {
        expect(parseFraction(`    (${(hundredths / 100).toFixed(2)}/100%)`)).toBeCloseTo(
          hundredths / 10_000,
          9,
        );
      }),
    );
  });

  it('never leaves 0 to 1, whatever the line', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        const fraction = parseFraction(`(${line}/100%)`) ?? parseFraction(line) ?? 0;
        expect(fraction >= 0 && fraction <= 1).toBe(true);
      }),
    );
  });

  it.each([
    ['another line of output', 'Images are identical.'],
    ['an empty line', ''],
    ['half a line', '    (12.3'],
    ['a number without its scale', '(50%)'],
  ])('finds nothing in %s', (_what, line) => {
    expect(parseFraction(line)).toBeUndefined();
  });
});
