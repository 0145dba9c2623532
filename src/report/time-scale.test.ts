import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimeScale } from './time-scale.ts';

describe('the axis of time', () => {
  it.each([
    [0, ['0']],
    [4000, ['0', '1 s', '2 s', '3 s', '4 s']],
    [59_000, ['0', '10 s', '20 s', '30 s', '40 s', '50 s']],
    [147_000, ['0', '0:30', '1:00', '1:30', '2:00']],
    [900_000, ['0', '5:00', '10:00', '15:00']],
    [4_000_000, ['0', '0:15 h', '0:30 h', '0:45 h', '1:00 h']],
  ])('of %i ms has marks at round times', (totalMs, labels) => {
    expect(new TimeScale(totalMs).marks.map(({ label }) => label)).toEqual(labels);
  });

  it('places a stretch in percent of its length', () => {
    expect(new TimeScale(200_000).stretch(50_000, 100_000)).toEqual({ fromPercent: 25, widthPercent: 50 });
  });

  it('shows what took no time at all, at the very end too', () => {
    expect(new TimeScale(1000).stretch(1000, 0)).toEqual({ fromPercent: 99.6, widthPercent: 0.4 });
  });

  it('keeps every stretch in the picture, and its marks few', () => {
    const time = fc.double({ min: 0, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(time, time, time, (totalMs, startMs, durationMs) => {
        const scale = new TimeScale(totalMs);
        const { fromPercent, widthPercent } = scale.stretch(startMs, durationMs);
        expect(fromPercent).toBeGreaterThanOrEqual(0);
        expect(widthPercent).toBeGreaterThan(0);
        expect(fromPercent + widthPercent).toBeLessThanOrEqual(100.01);
        expect(scale.marks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
