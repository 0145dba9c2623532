import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitLine, lineWidth, paintLine, type StyledLine, wantsColour } from './styled-line.ts';

const line: StyledLine = ['ab', { text: 'cd', style: 'red' }, 'ef'];

describe('fitLine', () => {
  it.each([
    [6, 'abcdef', 'it fits'],
    [5, 'abcd…', 'cut in the last part'],
    [4, 'abc…', 'a part that ends at the border still makes room for the mark'],
    [3, 'ab…', 'cut in the styled part'],
    [2, 'a…', 'cut in the first part'],
    [0, '', 'no room'],
  ])('in %d columns is %j: %s', (width, text) => {
    expect(paintLine(fitLine(line, width, '…'), false)).toBe(text);
  });

  it('never exceeds the width', () => {
    const lines = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 8 }), { maxLength: 6 });
    fc.assert(
      fc.property(lines, fc.nat({ max: 30 }), (parts, width) => {
        expect(lineWidth(fitLine(parts, width, '...'))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe('paintLine', () => {
  it('colours only the styled parts, and only when asked', () => {
    expect(paintLine(line, true)).toBe('ab\u001b[31mcd\u001b[39mef');
    expect(paintLine(line, false)).toBe('abcdef');
  });
});

describe('wantsColour', () => {
  it.each<[boolean | undefined, NodeJS.ProcessEnv, boolean, string]>([
    [true, {}, true, 'a terminal'],
    [false, {}, false, 'a file or a pipe'],
    [undefined, {}, false, 'a stream that says nothing'],
    [true, { NO_COLOR: '1' }, false, 'the user minds'],
    [true, { NO_COLOR: '' }, true, 'an empty NO_COLOR counts as unset'],
    [true, { TERM: 'dumb' }, false, 'the terminal cannot'],
  ])('isTTY %s, %o: %s (%s)', (isTTY, env, wanted) => {
    expect(wantsColour(isTTY, env)).toBe(wanted);
  });
});
