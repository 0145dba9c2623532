/** Steps smaller than this are not worth an event. */
const SMALLEST_STEP = 0.005;

/**
 * Sums up the progress of parts that run one after another or at once. Parts are given with their share of the
 * whole; the total only grows, and is told when it has grown by half a percent, and at the end.
 */
export class PartProgress<Part extends string> {
  readonly #shares: Readonly<Record<Part, number>>;
  readonly #tell: (fraction: number) => void;
  readonly #done = new Map<Part, number>();
  #told = -1;

  constructor(shares: Readonly<Record<Part, number>>, tell: (fraction: number) => void) {
    this.#shares = shares;
    this.#tell = tell;
  }

  /** Says that so much of a part is done, 0 to 1. */
  set(part: Part, fraction: number): void {
    this.#done.set(part, Math.max(this.#done.get(part) ?? 0, Math.min(fraction, 1)));
    let total = 0;
    for (const [name, done] of this.#done) total += this.#shares[name] * done;
    const whole = total > 1 - 1e-9 ? 1 : total;
    if (whole - this.#told < SMALLEST_STEP && !(whole === 1 && this.#told < 1)) return;
    this.#told = whole;
    this.#tell(whole);
  }
}
