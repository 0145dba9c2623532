import type { Listener, TimedEvent } from '../events.ts';
import { BuildTracker } from './build-tracker.ts';
import { formatElapsed, formatSeconds } from './duration.ts';
import {
  amiText,
  artifactText,
  layerResumedText,
  layerSavedText,
  noticeText,
  phaseFinishedText,
  progressText,
  provenText,
  taskFinishedText,
} from './event-text.ts';
import type { OutputStream, Renderer } from './output-stream.ts';
import { layerLines, planLines } from './plan-text.ts';
import { ProgressGate } from './progress-gate.ts';
import { paintLine, type StyledLine } from './styled-line.ts';
import { currentLines, summaryLines } from './summary.ts';
import { cleanText } from './text-width.ts';

/** After so long without a line, one says what is still running: a silent build looks like a dead one. */
const SILENCE_MS = 30_000;

export interface PlainOptions {
  /** Where the account of the build goes. */
  readonly stderr: OutputStream;
  /** Where its result goes: the summary. */
  readonly stdout: OutputStream;
  /** Milliseconds since the Unix epoch, the clock of the events. */
  readonly now: () => number;
}

/** Lines for files and CI: whole, without colour or carriage returns, each with the seconds since the start. */
export function createPlainRenderer(options: PlainOptions): Renderer {
  return new PlainRenderer(options);
}

class PlainRenderer implements Renderer {
  readonly #options: PlainOptions;
  readonly #tracker = new BuildTracker();
  readonly #gate = new ProgressGate();
  readonly #heartbeat: NodeJS.Timeout;
  #lastLineMs: number;

  constructor(options: PlainOptions) {
    this.#options = options;
    this.#lastLineMs = options.now();
    this.#heartbeat = setInterval(() => {
      this.#breakSilence();
    }, SILENCE_MS / 10).unref();
  }

  readonly listener: Listener = (event) => {
    this.#tracker.apply(event);
    if (event.type === 'plan-made') this.#writeTable('plan', planLines(event.rows));
    else if (event.type === 'layers-planned') this.#writeTable('layers', layerLines(event));
    else if (event.type === 'output-current') this.#write(this.#options.stdout, currentLines(event));
    else if (event.type === 'build-finished') {
      this.#write(this.#options.stdout, summaryLines(event, this.#tracker.phases));
    } else {
      const text = this.#textOf(event);
      if (text !== undefined) this.#say(text, event.timeMs);
    }
  };

  readonly close = (): void => {
    clearInterval(this.#heartbeat);
  };

  #textOf(event: TimedEvent): string | undefined {
    switch (event.type) {
      case 'phase-started':
        this.#gate.forget(event.phase);
        return `${event.phase}: ${cleanText(event.title)}`;
      case 'phase-finished':
        return phaseFinishedText(event);
      case 'progress':
        return this.#gate.admits(event, event.timeMs) ? progressText(event) : undefined;
      case 'task-finished':
        return event.outcome === 'skipped' ? undefined : taskFinishedText(event);
      case 'notice':
        return noticeText(event);
      case 'artifact-made':
        return artifactText(event);
      case 'ami-made':
        return amiText(event);
      case 'image-proven':
        return `prove: ${provenText(event)}`;
      case 'layer-saved':
        return layerSavedText(event);
      case 'layer-resumed':
        return layerResumedText(event);
      default:
        // A failure is told once, by whoever ends the program; the output of tools is in the log.
        return undefined;
    }
  }

  #breakSilence(): void {
    const nowMs = this.#options.now();
    const phase = this.#tracker.running.at(-1);
    if (phase === undefined || nowMs - this.#lastLineMs < SILENCE_MS) return;
    const task = this.#tracker.taskOf(phase.phase);
    const what = task === undefined ? phase.title : `${phase.title}: ${task.task}`;
    const startMs = task?.startMs ?? phase.startMs;
    this.#say(
      `${phase.phase}: still running after ${formatElapsed(nowMs - startMs)}: ${cleanText(what)}`,
      nowMs,
    );
  }

  #say(text: string, timeMs: number): void {
    this.#lastLineMs = timeMs;
    const elapsedMs = timeMs - (this.#tracker.startMs ?? timeMs);
    this.#write(this.#options.stderr, [[`[${formatSeconds(elapsedMs)} s] ${text}`]]);
  }

  #writeTable(title: string, lines: readonly StyledLine[]): void {
    this.#write(this.#options.stderr, [[title], ...lines.map((line) => ['  ', ...line])]);
  }

  #write(stream: OutputStream, lines: readonly StyledLine[]): void {
    stream.write(lines.map((line) => `${paintLine(line, false)}\n`).join(''));
  }
}
