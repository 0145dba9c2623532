const START = 8;
const MOST = 64;
const SHRINK = 0.6;
/** Answers to requests of before the last shrinking say nothing of the smaller number. */
const SHRINK_EVERY_MS = 1000;

/**
 * How many requests may be under way at once. It grows while all goes well, fast until the first trouble and slowly
 * after it, and shrinks when the service or the line has too much, as TCP does with its window.
 */
export class AdaptiveLimit {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #limit = START;
  #underWay = 0;
  #isStarting = true;
  #shrunkMs = Number.NEGATIVE_INFINITY;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** How many may be under way now. */
  get size(): number {
    return Math.floor(this.#limit);
  }

  /** Waits until one more may be under way. */
  async enter(): Promise<void> {
    while (this.#underWay >= this.size) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#underWay += 1;
  }

  /** Says that one has ended, and whether more of them would be good. */
  leave(wasGood: boolean): void {
    this.#underWay -= 1;
    if (wasGood) this.#limit = Math.min(MOST, this.#limit + (this.#isStarting ? 1 : 1 / this.#limit));
    for (let free = this.size - this.#underWay; free > 0; free -= 1) this.#waiting.shift()?.();
  }

  /** Says that the service or the line has too much. */
  shrink(): void {
    this.#isStarting = false;
    if (this.#now() - this.#shrunkMs < SHRINK_EVERY_MS) return;
    this.#shrunkMs = this.#now();
    this.#limit = Math.max(1, this.#limit * SHRINK);
  }
}
