import type { Phase, Progress } from '../events.ts';

const QUIET_MS = 10_000;
const STEPS = 4;

interface ItemState {
  readonly step: number;
  readonly toldMs: number;
}

/**
 * Decides which progress events are worth a line where lines cannot be redrawn: each quarter of an item, its end,
 * and otherwise one every ten seconds.
 */
export class ProgressGate {
  readonly #items = new Map<string, ItemState>();

  /** Whether to tell of this event; it then counts as told. */
  admits(event: Progress, timeMs: number): boolean {
    const key = `${event.phase}/${event.item}`;
    const step = Math.floor(event.fraction * STEPS);
    const known = this.#items.get(key) ?? { step: 0, toldMs: timeMs };
    const isTold = step > known.step || (step < STEPS && timeMs - known.toldMs >= QUIET_MS);
    const startedAgain = step < known.step;
    if (isTold || startedAgain || !this.#items.has(key)) {
      this.#items.set(key, { step, toldMs: isTold ? timeMs : known.toldMs });
    }
    return isTold;
  }

  /** Forgets the items of a phase, so that the next run of it starts afresh. */
  forget(phase: Phase): void {
    for (const key of this.#items.keys()) {
      if (key.startsWith(`${phase}/`)) this.#items.delete(key);
    }
  }
}
