import type { Listener, TimedEvent } from '../events.ts';
import { BuildTracker } from './build-tracker.ts';
import { layerSavedText, noticeText, provenText } from './event-text.ts';
import { type Glyphs, glyphsFor } from './glyphs.ts';
import { LiveRegion } from './live-region.ts';
import type { OutputStream, Renderer } from './output-stream.ts';
import { layerLines, planLines } from './plan-text.ts';
import { paintLine, type StyledLine, wantsColour } from './styled-line.ts';
import { currentLines, summaryLines } from './summary.ts';
import { cleanText } from './text-width.ts';
import { finishedLine, liveLines } from './tty-frame.ts';

/** Ten pictures a second are enough for the eye, and cheap over a slow line. */
const FRAME_MS = 100;

export interface TtyOptions {
  /** The terminal. */
  readonly stderr: OutputStream;
  /** Where the result goes: the summary. Often the same terminal. */
  readonly stdout: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since the Unix epoch, the clock of the events. */
  readonly now: () => number;
}

/** A living picture at the terminal's bottom; finished phases and notices scroll up above it. */
export function createTtyRenderer(options: TtyOptions): Renderer {
  return new TtyRenderer(options);
}

class TtyRenderer implements Renderer {
  readonly #options: TtyOptions;
  readonly #glyphs: Glyphs;
  readonly #tracker = new BuildTracker();
  readonly #region: LiveRegion;
  readonly #timer: NodeJS.Timeout;
  /** Lines that wait for the next picture, to be shown for good above it. */
  #waiting: StyledLine[] = [];
  #lastDrawMs = Number.NEGATIVE_INFINITY;

  constructor(options: TtyOptions) {
    this.#options = options;
    this.#glyphs = glyphsFor(options.env);
    const colour = wantsColour(options.stderr.isTTY, options.env);
    this.#region = new LiveRegion(options.stderr, { colour, ellipsis: this.#glyphs.ellipsis });
    // The ticks turn the spinner, show what waits, and follow a terminal whose size has changed.
    this.#timer = setInterval(this.#tick, FRAME_MS).unref();
    // Whatever ends the program (a second Ctrl-C, a bug), the cursor must not stay hidden.
    process.once('exit', this.#finish);
  }

  readonly listener: Listener = (event) => {
    this.#tracker.apply(event);
    this.#waiting.push(...this.#permanentLines(event));
    if (event.type === 'build-finished') this.#summarize(summaryLines(event, this.#tracker.phases));
    else if (event.type === 'output-current') this.#summarize(currentLines(event));
    else this.#tick();
  };

  readonly close = (): void => {
    this.#finish();
    clearInterval(this.#timer);
    process.off('exit', this.#finish);
  };

  #permanentLines(event: TimedEvent): readonly StyledLine[] {
    switch (event.type) {
      case 'plan-made':
        return [...planLines(event.rows), ['']];
      case 'layers-planned':
        return [...layerLines(event), ['']];
      case 'layer-saved':
        return [[{ text: `${this.#glyphs.info} ${layerSavedText(event)}`, style: 'dim' }]];
      case 'image-proven': {
        const isOk = event.outcome === 'ok';
        const mark = isOk ? this.#glyphs.done : this.#glyphs.failed;
        return [[{ text: mark, style: isOk ? 'green' : 'red' }, ` ${provenText(event)}`]];
      }
      case 'phase-finished': {
        const phase = this.#tracker.phases.findLast((record) => record.phase === event.phase);
        return phase === undefined ? [] : [finishedLine(phase, this.#glyphs)];
      }
      case 'notice':
        return event.level === 'warning'
          ? [[{ text: `${this.#glyphs.warning} ${noticeText(event)}`, style: 'yellow' }]]
          : [[{ text: this.#glyphs.info, style: 'dim' }, ` ${noticeText(event)}`]];
      case 'task-finished':
        return event.outcome === 'failed' || event.outcome === 'unreachable'
          ? [[{ text: `${this.#glyphs.failed} ${event.outcome}: ${cleanText(event.task)}`, style: 'red' }]]
          : [];
      default:
        return [];
    }
  }

  readonly #tick = (): void => {
    const nowMs = this.#options.now();
    if (nowMs - this.#lastDrawMs < FRAME_MS) return;
    this.#lastDrawMs = nowMs;
    const above = this.#waiting;
    this.#waiting = [];
    const spin = Math.floor(nowMs / FRAME_MS);
    const { columns } = this.#region;
    this.#region.update(above, liveLines(this.#tracker, { glyphs: this.#glyphs, columns, nowMs, spin }));
  };

  /** The summary is the build's result, and goes where results go. */
  #summarize(lines: readonly StyledLine[]): void {
    this.#finish();
    const { stdout, env } = this.#options;
    const colour = wantsColour(stdout.isTTY, env);
    stdout.write(['', ...lines.map((line) => paintLine(line, colour)), ''].join('\n'));
  }

  readonly #finish = (): void => {
    const above = this.#waiting;
    this.#waiting = [];
    this.#region.update(above, []);
    this.#region.clear();
  };
}
