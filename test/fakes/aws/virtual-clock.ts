/** Time of the stand-in: it runs `speed` times as fast as the real one, and can be moved on by hand. */
export class VirtualClock {
  readonly #startMs = Date.now();
  readonly #realStartMs = performance.now();
  readonly #speed: number;
  #movedMs = 0;

  constructor(speed: number) {
    this.#speed = speed;
  }

  /** Milliseconds since the Unix epoch. */
  nowMs(): number {
    return this.#startMs + this.#movedMs + (performance.now() - this.#realStartMs) * this.#speed;
  }

  moveOn(ms: number): void {
    this.#movedMs += ms;
  }
}
