import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, formatElapsed, formatSeconds } from './duration.ts';

describe('formatDuration', () => {
  it.each([
    [0, '0.0 s', 'nothing took no time'],
    [49, '0.0 s', 'rounds down below half a tenth'],
    [50, '0.1 s', 'rounds up from half a tenth'],
    [12_340, '12.3 s', 'tenths below a minute'],
    [59_949, '59.9 s', 'the last duration below a minute'],
    [59_950, '1 min 00 s', 'rounding reaches the minute, which is never "60.0 s"'],
    [192_000, '3 min 12 s', 'minutes and seconds'],
    [89_450, '1 min 29 s', 'rounded once, and not to tenths first'],
    [3_599_400, '59 min 59 s', 'the last second below an hour'],
    [3_599_950, '1 h 00 min', 'rounding reaches the hour'],
    [3_780_000, '1 h 03 min', 'hours and minutes'],
    [90_000_000, '25 h 00 min', 'more than a day stays in hours'],
    [-5, '0.0 s', 'the clock was set back'],
    [Number.NaN, '0.0 s', 'an unknown duration'],
  ])('%d ms is "%s": %s', (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });

  it('never shows 60 seconds or 60 minutes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400_000_000 }), (durationMs) => {
        expect(formatDuration(durationMs)).not.toMatch(/\b60(\.0)? (s|min)/);
      }),
    );
  });
});

describe('formatElapsed', () => {
  it.each([
    [999, '0 s', 'a second is counted when it is over'],
    [59_999, '59 s', 'never ahead of the clock'],
    [60_000, '1 min 00 s', 'the seconds keep their width'],
    [7_265_000, '2 h 01 min', 'seconds no longer matter'],
  ])('%d ms is "%s": %s', (durationMs, text) => {
    expect(formatElapsed(durationMs)).toBe(text);
  });
});

describe('formatSeconds', () => {
  it.each([
    [0, '   0.0'],
    [12_340, '  12.3'],
    [1_234_560, '1234.6'],
    [123_456_000, '123456.0'],
  ])('%d ms is "%s"', (durationMs, text) => {
    expect(formatSeconds(durationMs)).toBe(text);
  });
});
