/**
 * Things to undo, in reverse order of their making, whatever happens in between: a lock, a temporary folder, a
 * server. `await using scope = new Scope()` undoes them when the block is left.
 */
export class Scope implements AsyncDisposable {
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  #hasEnded = false;

  /**
   * Registers what undoes the step that was just done. Where the scope has ended meanwhile (another step failed, and nobody
   * waits for this one any more), it is undone at once.
   */
  defer(cleanup: () => void | Promise<void>): void {
    if (this.#hasEnded) void undoLate(cleanup);
    else this.#cleanups.push(cleanup);
  }

  /** Undoes everything, the newest first. One failing clean-up does not keep the others from running. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    this.#hasEnded = true;
    if (failures.length > 0) throw new AggregateError(failures, 'clean-up failed');
  }
}

/** Nobody is left to be told of a failure. */
async function undoLate(cleanup: () => void | Promise<void>): Promise<void> {
  try {
    await cleanup();
  } catch {
    // The failure that ended the scope is the one to tell of.
  }
}
