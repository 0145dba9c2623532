import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText, padText, textWidth, truncate } from './text-width.ts';

describe('cleanText', () => {
  it.each([
    ['\u001b[31mred\u001b[0m', 'red', 'colours of a tool'],
    ['a\r\nb\tc', 'a b c', 'line ends and tabs would break the layout'],
    ['\u001b]0;title\u0007x', 'x', 'a tool must not rename the window'],
    ['a\u202eb', 'ab', 'text that reads backwards hides what it says'],
    ['Ähre 日本', 'Ähre 日本', 'ordinary text of any language stays'],
  ])('%j becomes %j: %s', (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });
});

describe('textWidth', () => {
  it.each([
    ['abc', 3, 'ASCII'],
    ['ü', 1, 'one letter'],
    ['u\u0308', 1, 'a letter and its mark share a cell'],
    ['日本', 4, 'wide letters take two cells'],
    ['', 0, 'nothing'],
  ])('%j takes %d columns: %s', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('truncate', () => {
  it.each([
    ['abcdef', 6, 'abcdef', 'it fits'],
    ['abcdef', 5, 'abcd…', 'the cut is marked'],
    ['日本語', 4, '日…', 'a wide letter is never cut in two'],
    ['abcdef', 0, '', 'no room at all'],
  ])('%j in %d columns is %j: %s', (text, width, cut) => {
    expect(truncate(text, width, '…')).toBe(cut);
  });

  it('leaves out an ellipsis that has no room', () => {
    expect(truncate('abcdef', 2, '...')).toBe('ab');
  });

  it('never exceeds the width, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat({ max: 20 }), (text, width) => {
        expect(textWidth(truncate(cleanText(text), width, '…'))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('padText', () => {
  it('fills up by columns, not by letters', () => {
    expect(padText('日', 4)).toBe('日  ');
    expect(padText('long', 2)).toBe('long');
  });
});
