import { asError, BuilderError, BuilderErrors, Interrupted } from '../errors.ts';

/** One thing that was looked at: fine, in the way of a build, or worth knowing. */
export interface Finding {
  readonly subject: string;
  readonly level: 'ok' | 'problem' | 'hint';
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Collects what checks find. A problem does not end the inspection: the user sees all of them at once. */
export class Findings {
  readonly list: Finding[] = [];
  readonly problems: BuilderError[] = [];

  /**
   * Runs one check. Returns its value, or undefined when it found a problem; anything unexpected is thrown, and so is
   * the user's wish to stop, which is no finding.
   */
  async check<Value>(
    subject: string,
    work: () => Value | Promise<Value>,
    describe: (value: Value) => string,
  ): Promise<Value | undefined> {
    try {
      const value = await work();
      this.ok(subject, describe(value));
      return value;
    } catch (thrown) {
      if (!(thrown instanceof BuilderError) || thrown instanceof Interrupted) throw asError(thrown);
      const errors = thrown instanceof BuilderErrors ? thrown.problems : [thrown];
      for (const error of errors) this.problem(subject, error);
      return undefined;
    }
  }

  ok(subject: string, text: string): void {
    this.list.push({ subject, level: 'ok', text });
  }

  hint(subject: string, text: string, hint: string): void {
    this.list.push({ subject, level: 'hint', text, hint });
  }

  problem(subject: string, error: BuilderError): void {
    this.problems.push(error);
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    this.list.push({ subject, level: 'problem', text: error.message, ...hint });
  }
}
