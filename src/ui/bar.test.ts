import { describe, expect, it } from 'vitest';
import { formatPercent, progressBar } from './bar.ts';
import { glyphsFor } from './glyphs.ts';

const ascii = glyphsFor({});

describe('progressBar', () => {
  it.each([
    [0, '..........', 'nothing done'],
    [0.5, '#####.....', 'half'],
    [0.999, '#########.', 'nearly done is not done'],
    [1, '##########', 'done'],
    [1.2, '##########', 'more than all, as when a file grew meanwhile'],
    [-1, '..........', 'less than nothing'],
  ])('%d is %s: %s', (fraction, bar) => {
    expect(progressBar(fraction, 10, ascii)).toBe(bar);
  });
});

describe('formatPercent', () => {
  it.each([
    [0, '0 %'],
    [0.999, '99 %'],
    [1, '100 %'],
    [1.2, '100 %'],
  ])('%d is %s', (fraction, text) => {
    expect(formatPercent(fraction)).toBe(text);
  });
});

describe('glyphsFor', () => {
  it.each<[NodeJS.ProcessEnv, string, string]>([
    [{ LANG: 'en_US.UTF-8' }, '█', 'the locale promises UTF-8'],
    [{ LANG: 'C.utf8' }, '█', 'the other spelling of it'],
    [{ LC_ALL: 'C', LANG: 'en_US.UTF-8' }, '#', 'LC_ALL wins'],
    [{ LC_ALL: '', LANG: 'en_US.UTF-8' }, '█', 'an empty LC_ALL counts as unset'],
    [{ LC_CTYPE: 'C.UTF-8', LANG: 'C' }, '█', 'LC_CTYPE wins over LANG'],
    [{}, '#', 'no locale at all, as in most containers'],
  ])('%o fills bars with %s: %s', (env, full) => {
    expect(glyphsFor(env).barFull).toBe(full);
  });
});
