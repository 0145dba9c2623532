import type { Glyphs } from './glyphs.ts';

/** A bar of `width` columns for a fraction of 0 to 1. Rounded down: it looks full only when the work is done. */
export function progressBar(fraction: number, width: number, glyphs: Glyphs): string {
  const full = Math.floor(unit(fraction) * width);
  return glyphs.barFull.repeat(full) + glyphs.barEmpty.repeat(width - full);
}

/** Whole percent, rounded down for the same reason. */
export function formatPercent(fraction: number): string {
  return `${Math.floor(unit(fraction) * 100)} %`;
}

function unit(fraction: number): number {
  return Math.min(1, Math.max(0, fraction));
}
