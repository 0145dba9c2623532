import type { PlanRow } from '../events.ts';
import type { StyledLine } from './styled-line.ts';
import { cleanText, padText, textWidth } from './text-width.ts';

/** The plan as aligned lines: label, value, and why where that is not obvious. */
export function planLines(rows: readonly PlanRow[]): readonly StyledLine[] {
  const clean = rows.map(({ label, value, why }) => ({
    label: cleanText(label),
    value: cleanText(value),
    why: why === undefined ? undefined : cleanText(why),
  }));
  const labelWidth = widest(clean.map(({ label }) => label));
  const valueWidth = widest(clean.filter(({ why }) => why !== undefined).map(({ value }) => value));
  return clean.map(({ label, value, why }) => [
    { text: padText(label, labelWidth), style: 'bold' },
    '  ',
    ...(why === undefined
      ? [value]
      : [padText(value, valueWidth), { text: `  (${why})`, style: 'dim' } as const]),
  ]);
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(textWidth));
}
