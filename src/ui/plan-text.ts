import type { LayerRow, LayersPlanned, PlanRow } from '../events.ts';
import { formatDuration } from './duration.ts';
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

const MAX_REASONS = 3;

/** Each layer as a line: its name, whether it is there, how long it takes, and why it is built. */
export function layerLines({ layers, unknown }: LayersPlanned): readonly StyledLine[] {
  const nameWidth = widest(layers.map(({ layer }) => cleanText(layer)));
  const times = layers.map(expectedText);
  const timeWidth = widest(times);
  const rows = layers.map((row, index): StyledLine => {
    const name = { text: padText(cleanText(row.layer), nameWidth), style: 'bold' } as const;
    if (row.state === 'cached') return [name, '  cached'];
    const why = { text: `  (${reasonsText(row.reasons)})`, style: 'dim' } as const;
    const time = timeWidth === 0 ? '' : `   ${padText(times[index] ?? '', timeWidth)}`;
    return [name, `  build${time}`, why];
  });
  const places = unknown.map(
    (place): StyledLine => [
      {
        text: `the whole Ansible folder counts: it cannot be known what ${cleanText(place)} reads`,
        style: 'dim',
      },
    ],
  );
  return [...rows, ...places];
}

function expectedText({ state, expectedMs }: LayerRow): string {
  return state === 'cached' || expectedMs === undefined ? '' : `about ${formatDuration(expectedMs)}`;
}

function reasonsText(reasons: readonly string[]): string {
  const shown = reasons.slice(0, MAX_REASONS).map(cleanText).join(', ');
  const more = reasons.length - MAX_REASONS;
  return more > 0 ? `${shown}, and ${more} more` : shown;
}

function widest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(textWidth));
}
