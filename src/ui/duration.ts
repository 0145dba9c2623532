/**
 * A duration for people: `12.3 s` below a minute, `3 min 12 s` below an hour, `1 h 03 min` from there on.
 * Takes milliseconds; a negative or unknown duration (a clock that was set back) counts as 0.
 */
export function formatDuration(durationMs: number): string {
  const knownMs = positive(durationMs);
  // Rounded before the unit is chosen, so that 59.96 s is never shown as "60.0 s".
  const tenths = Math.round(knownMs / 100);
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : formatWhole(Math.round(knownMs / 1000));
}

/** The same in whole seconds, rounded down: for what still runs, where tenths would only flicker. */
export function formatElapsed(durationMs: number): string {
  return formatWhole(Math.floor(positive(durationMs) / 1000));
}

/** Seconds with one decimal, for the start of a log line: `  12.3`. Longer times push the width, never wrap. */
export function formatSeconds(durationMs: number): string {
  return (positive(durationMs) / 1000).toFixed(1).padStart(6);
}

function formatWhole(seconds: number): string {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

function positive(value: number): number {
  return value > 0 ? value : 0;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
