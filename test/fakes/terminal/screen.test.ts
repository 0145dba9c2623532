import { describe, expect, it } from 'vitest';
import { Screen } from './screen.ts';

function screenOf(columns: number, ...texts: string[]): Screen {
  const screen = new Screen(columns, 4);
  for (const text of texts) screen.write(text);
  return screen;
}

describe('Screen', () => {
  it.each([
    ['a\nb', 'a\nb', 'lines'],
    ['abc\rx', 'xbc', 'a carriage return writes over'],
    ['abc\r\u001b[Kx', 'x', 'erase to the end of the line'],
    ['a\nb\nc\u001b[2A\rx\u001b[J', 'x', 'up, and erase everything below'],
    ['a\nb\u001b[9A\rx', 'x\nb', 'the cursor stops at the top'],
    ['\u001b[1;31mred\u001b[0m', 'red', 'colours are not seen'],
    ['abcdefgh', 'abcdef\ngh', 'a long line wraps'],
    ['abcdef\nx', 'abcdef\nx', 'a full line does not wrap before more comes'],
    ['1\n2\n3\n4\n5\u001b[9A\rx', '1\nx\n3\n4\n5', 'what scrolled away is out of reach'],
  ])('%j is seen as %j: %s', (written, seen) => {
    expect(screenOf(6, written).text).toBe(seen);
  });

  it('joins and wraps lines anew when its width changes, and keeps the cursor in its place', () => {
    const screen = screenOf(6, 'abcdefgh\nxyz');
    screen.resize(3);
    expect(screen.text).toBe('abc\ndef\ngh\nxyz');
    screen.write('!');
    expect(screen.text).toBe('abc\ndef\ngh\nxyz\n!');
    screen.resize(20);
    expect(screen.text).toBe('abcdefgh\nxyz!');
  });

  it('knows whether the cursor is hidden', () => {
    const screen = screenOf(6, '\u001b[?25l');
    expect(screen.isCursorVisible).toBe(false);
    screen.write('\u001b[?25h');
    expect(screen.isCursorVisible).toBe(true);
  });

  it.each(['\u001b[2B', '\u001b[?7l', '\u001bM'])('refuses %j, which it does not know', (sequence) => {
    expect(() => screenOf(6, sequence)).toThrow(/know/);
  });
});
