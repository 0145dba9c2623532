import type { Emit, TaskOutcome, TaskPhase } from '../events.ts';

const RESULT = /^(ok|changed|skipping|fatal|failed|unreachable|rescued|ignored): \[([^\]]+)\]/;
/** A machine's line of the recap when no failure was left: those that there were, a `rescue` block took care of. */
const WELL_ENDED = /^\S+ +: ok=\d+ .*\bunreachable=0 +failed=0\b/;
const FAILURE_LINES = 30;

/** The task that failed, and what Ansible said of it. */
export interface FailedTask {
  readonly play: string;
  readonly task: string;
  readonly lines: readonly string[];
}

interface RunningTask {
  readonly name: string;
  readonly startMs: number;
  outcome: TaskOutcome;
}

/**
 * Folds the text of ansible-playbook (its default callback) into task events. Ansible prints a task's name when it
 * begins and its results as they come, but never its end: a task ends when the next one, or the recap, begins.
 */
export class AnsibleOutput {
  readonly #emit: Emit;
  readonly #phase: TaskPhase;
  readonly #now: () => number;
  #play = '';
  #task: RunningTask | undefined;
  #failed: { play: string; task: string; lines: string[] } | undefined;
  #failedBy: RunningTask | undefined;

  constructor(emit: Emit, phase: TaskPhase = 'provision', now: () => number = () => performance.now()) {
    this.#emit = emit;
    this.#phase = phase;
    this.#now = now;
  }

  /** The last task that failed and was neither ignored nor rescued. */
  get failedTask(): FailedTask | undefined {
    return this.#failed;
  }

  line(text: string): void {
    const header = /^(PLAY|TASK|RUNNING HANDLER) \[(.*)\] \**$/.exec(text);
    if (header !== null) {
      this.#finishTask();
      if (header[1] === 'PLAY') this.#play = header[2] ?? '';
      else this.#startTask(header[2] ?? '');
    } else if (text.startsWith('PLAY RECAP')) {
      this.#finishTask();
    } else if (WELL_ENDED.test(text)) {
      this.#failed = undefined;
    } else {
      this.#result(text);
    }
  }

  #startTask(task: string): void {
    this.#task = { name: task, startMs: this.#now(), outcome: 'skipped' };
    this.#emit({ type: 'task-started', phase: this.#phase, play: this.#play, task });
  }

  #result(text: string): void {
    if (this.#task === undefined) return;
    const word = RESULT.exec(text)?.[1];
    if (word === 'fatal' || word === 'failed' || word === 'unreachable') this.#fail(text, this.#task);
    else if (word === 'changed') this.#task.outcome = 'changed';
    else if (word === 'ok' && this.#task.outcome === 'skipped') this.#task.outcome = 'ok';
    else if (text.trim() === '...ignoring') this.#ignore(this.#task);
    else this.#continueFailure(text);
  }

  #fail(text: string, task: RunningTask): void {
    task.outcome = text.includes('UNREACHABLE!') ? 'unreachable' : 'failed';
    // The items of a loop fail one by one, and a failure that was rescued is followed by the one that counts.
    if (this.#failedBy !== task) this.#failed = { play: this.#play, task: task.name, lines: [] };
    this.#failedBy = task;
    this.#failed?.lines.push(...describeFailure(text));
  }

  #ignore(task: RunningTask): void {
    task.outcome = 'ignored';
    this.#failed = undefined;
  }

  #continueFailure(text: string): void {
    const failed = this.#task?.outcome === 'failed' ? this.#failed : undefined;
    if (failed === undefined || text.trim() === '' || failed.lines.length >= FAILURE_LINES) return;
    failed.lines.push(text);
  }

  #finishTask(): void {
    if (this.#task === undefined) return;
    const { name, startMs, outcome } = this.#task;
    const durationMs = Math.round(this.#now() - startMs);
    this.#emit({
      type: 'task-finished',
      phase: this.#phase,
      play: this.#play,
      task: name,
      outcome,
      durationMs,
    });
    this.#task = undefined;
  }
}

/** The parts of Ansible's one-line JSON that tell a person something: message, standard error, standard output. */
function describeFailure(text: string): string[] {
  const json = text.indexOf('=> {');
  if (json === -1) return [text];
  try {
    const result = JSON.parse(text.slice(json + 3)) as Readonly<Record<string, unknown>>;
    const parts = [result['msg'], result['stderr'], result['stdout']];
    const lines = parts.flatMap((part) => (typeof part === 'string' ? part.split('\n') : []));
    const spoken = lines.map((line) => line.trimEnd()).filter((line) => line !== '');
    return spoken.length > 0 ? spoken.slice(-FAILURE_LINES) : [text];
  } catch {
    return [text];
  }
}
