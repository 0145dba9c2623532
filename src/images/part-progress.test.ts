import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartProgress } from './part-progress.ts';

type Part = 'first' | 'second';

function told(...steps: readonly [Part, number][]): number[] {
  const fractions: number[] = [];
  const progress = new PartProgress<Part>({ first: 0.75, second: 0.25 }, (fraction) =>
    fractions.push(fraction),
  );
  for (const [part, fraction] of steps) progress.set(part, fraction);
  return fractions;
}

describe('PartProgress', () => {
  it('counts each part by its share', () => {
    expect(told(['first', 0.5], ['second', 1], ['first', 1])).toEqual([0.375, 0.625, 1]);
  });

  it('does not tell of steps too small to see', () => {
    expect(told(['first', 0], ['first', 0.001], ['first', 0.004], ['first', 0.1])).toEqual([0, 0.1 * 0.75]);
  });

  it('tells of the end however small the last step is', () => {
    expect(told(['second', 1], ['first', 0.9999], ['first', 1]).at(-1)).toBe(1);
  });

  it('only grows, and ends at exactly 1 when every part is done', () => {
    const step = fc.tuple(
      fc.constantFrom<Part>('first', 'second'),
      fc.double({ min: 0, max: 2, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const fractions = told(...steps, ['first', 1], ['second', 1]);
        expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
        expect(fractions.at(-1)).toBe(1);
        expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
      }),
    );
  });
});
