/**
 * Things to undo, in reverse order of their making, whatever happens in between: a lock, a temporary folder, a
 * server. `await using scope = new Scope()` undoes them when the block is left.
 */
export class Scope implements AsyncDisposable {
  readonly #cleanups: (() => void | Promise<void>)[] = [];

  /** Registers what undoes the step that was just done. */
  defer(cleanup: () => void | Promise<void>): void {
    this.#cleanups.push(cleanup);
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
    if (failures.length > 0) throw new AggregateError(failures, 'clean-up failed');
  }
}
