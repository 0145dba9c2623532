/** Seconds between two marks of an axis. */
const STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400,
] as const;
const MAX_MARKS = 6;
/** Shorter bars could not be seen. */
const SHORTEST_PERCENT = 0.4;

/** A stretch of an axis, in percent of its length. */
export interface Stretch {
  readonly fromPercent: number;
  readonly widthPercent: number;
}

export interface Mark {
  readonly atPercent: number;
  readonly label: string;
}

/** The axis of a build's time, from its beginning to its end. */
export class TimeScale {
  readonly totalMs: number;
  readonly marks: readonly Mark[];

  /** `totalMs` is the length of the axis; an axis of no length has all its bars at its beginning. */
  constructor(totalMs: number) {
    this.totalMs = totalMs > 0 && Number.isFinite(totalMs) ? totalMs : 1;
    this.marks = marksOf(this.totalMs);
  }

  /** Where something is that began at `startMs` and took `durationMs`; always on the axis, and never too thin to be seen. */
  stretch(startMs: number, durationMs: number): Stretch {
    const widthPercent = Math.max(
      SHORTEST_PERCENT,
      this.#percent(startMs + durationMs) - this.#percent(startMs),
    );
    const fromPercent = Math.min(this.#percent(startMs), 100 - widthPercent);
    return { fromPercent: rounded(fromPercent), widthPercent: rounded(widthPercent) };
  }

  #percent(ms: number): number {
    return Math.min(100, Math.max(0, (ms / this.totalMs) * 100));
  }
}

function marksOf(totalMs: number): readonly Mark[] {
  const longest = STEPS.at(-1) ?? 1;
  const step = STEPS.find((seconds) => totalMs / 1000 / seconds < MAX_MARKS) ?? longest;
  const stepMs = Math.max(step * 1000, totalMs / MAX_MARKS);
  const count = Math.floor(totalMs / stepMs);
  return Array.from({ length: count + 1 }, (_, index) => ({
    atPercent: rounded(((index * stepMs) / totalMs) * 100),
    label: index === 0 ? '0' : markLabel(Math.round((index * stepMs) / 1000), totalMs),
  }));
}

/** As short as can be, for the narrowest phone: `20 s`, `1:30` minutes, `1:30 h`; the unit is that of the whole axis. */
function markLabel(seconds: number, totalMs: number): string {
  if (totalMs < 60_000) return `${seconds} s`;
  const isHours = totalMs >= 3_600_000;
  const small = isHours ? Math.floor(seconds / 60) : seconds;
  const text = `${Math.floor(small / 60)}:${String(small % 60).padStart(2, '0')}`;
  return isHours ? `${text} h` : text;
}

function rounded(percent: number): number {
  return Math.round(percent * 100) / 100;
}
