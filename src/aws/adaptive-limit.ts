const START = 8;
const MOST = 64;
const SHRINK = 0.6;
/** Answers to requests of before the last shrinking say nothing of the smaller number. */
const SHRINK_EVERY_MS = 1000;
/** How many answers tell what one takes when few are under way. */
const FIRST_ANSWERS = 16;
/** When answers take so much longer than the first ones, more requests only wait in some queue. */
const QUEUEING = 2;
/** How much the newest answer counts in the average. */
const WEIGHT = 1 / 16;

/**
 * How many requests may be under way at once. It grows while answers come about as soon as the first ones did, fast until the
 * first trouble and slowly after it, and shrinks when the service or the line has too much, as TCP does with its window.
 */
export class AdaptiveLimit {
  readonly #now: () => number;
  readonly #waiting: (() => void)[] = [];
  #limit = START;
  #underWay = 0;
  #isStarting = true;
  #shrunkMs = Number.NEGATIVE_INFINITY;
  #answers = 0;
  /** The average of the first answers. */
  #firstMs = 0;
  /** The average of the last ones. */
  #lastMs = 0;

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

  /** Says that one has ended, and how long it took when it went well. */
  leave(tookMs: number | undefined): void {
    this.#underWay -= 1;
    if (tookMs !== undefined) this.#learn(tookMs);
    for (let free = this.size - this.#underWay; free > 0; free -= 1) this.#waiting.shift()?.();
  }

  /** Says that the service or the line has too much. */
  shrink(): void {
    this.#isStarting = false;
    if (this.#now() - this.#shrunkMs < SHRINK_EVERY_MS) return;
    this.#shrunkMs = this.#now();
    this.#limit = Math.max(1, this.#limit * SHRINK);
  }

  #learn(tookMs: number): void {
    this.#answers += 1;
    if (this.#answers <= FIRST_ANSWERS) {
      this.#firstMs += (tookMs - this.#firstMs) / this.#answers;
      this.#lastMs = this.#firstMs;
      return;
    }
    this.#lastMs += (tookMs - this.#lastMs) * WEIGHT;
    if (this.#lastMs > QUEUEING * this.#firstMs) this.#isStarting = false;
    else this.#limit = Math.min(MOST, this.#limit + (this.#isStarting ? 1 : 1 / this.#limit));
  }
}
