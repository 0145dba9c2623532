import { stripVTControlCharacters } from 'node:util';

/** One unit that a terminal draws in a cell or two: letters with their marks, emoji with their joiners. */
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

// East Asian wide and emoji, by the ranges of Unicode's EastAsianWidth.txt that occur in text.
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * One line that is safe to draw: foreign text (task names, output of tools, paths) without escape codes, control
 * characters or marks that turn the writing direction.
 */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text)
    .replaceAll(/\p{Cc}+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '');
}

/** How many columns a terminal needs for a clean text. */
export function textWidth(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += cellsOf(segment);
  return width;
}

/** The text cut to `width` columns; what was cut is marked by the ellipsis, where that has room. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (textWidth(text) <= width) return text;
  const mark = ellipsis.length <= width ? ellipsis : '';
  let room = width - textWidth(mark);
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    room -= cellsOf(segment);
    if (room < 0) break;
    kept += segment;
  }
  return kept + mark;
}

/** The text filled up with spaces to `width` columns. */
export function padText(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

function cellsOf(grapheme: string): number {
  if (WIDE.test(grapheme)) return 2;
  return /^[\p{Mark}\p{Cf}]+$/u.test(grapheme) ? 0 : 1;
}
