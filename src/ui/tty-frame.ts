import { formatPercent, progressBar } from './bar.ts';
import {
  type BuildTracker,
  bytesPerSecond,
  type ItemRecord,
  type PhaseRecord,
  remainingMs,
} from './build-tracker.ts';
import { formatBytes } from './bytes.ts';
import { formatDuration, formatElapsed } from './duration.ts';
import { progressBytes } from './event-text.ts';
import type { Glyphs } from './glyphs.ts';
import type { StyledLine } from './styled-line.ts';
import { cleanText, padText, textWidth } from './text-width.ts';

export interface FrameOptions {
  readonly glyphs: Glyphs;
  readonly columns: number;
  readonly nowMs: number;
  /** Which picture of the spinner to show; any whole number. */
  readonly spin: number;
}

/** Items beyond these would push the phases off a small terminal. */
const MAX_ITEMS = 8;
const TITLE_WIDTH = 40;

/** The lines that are redrawn: each running phase with its items and its Ansible task, then the time in all. */
export function liveLines(tracker: BuildTracker, options: FrameOptions): readonly StyledLine[] {
  const { running, phases, startMs } = tracker;
  if (running.length === 0) return [];
  const lines: StyledLine[] = [];
  for (const phase of running) {
    lines.push(runningLine(phase, options));
    lines.push(...itemLines(tracker.itemsOf(phase.phase), options));
    const task = tracker.taskOf(phase.phase);
    if (task !== undefined) {
      const elapsed = formatElapsed(options.nowMs - task.startMs);
      lines.push(['    ', cleanText(task.task), { text: `  ${elapsed}`, style: 'dim' }]);
    }
  }
  if (phases.length > 1 && startMs !== undefined) {
    lines.push([{ text: `  ${formatElapsed(options.nowMs - startMs)} in all`, style: 'dim' }]);
  }
  return lines;
}

/** The one line that a finished phase leaves behind. */
export function finishedLine(phase: PhaseRecord, glyphs: Glyphs): StyledLine {
  const title = padText(cleanText(phase.title), TITLE_WIDTH);
  const duration = formatDuration(phase.durationMs ?? 0);
  switch (phase.outcome) {
    case 'failed':
      return [
        { text: glyphs.failed, style: 'red' },
        ` ${title}  ${duration}  `,
        { text: 'failed', style: 'red' },
      ];
    case 'reused':
      return [
        { text: glyphs.reused, style: 'green' },
        ` ${title}  ${duration}  `,
        { text: 'reused', style: 'dim' },
      ];
    default:
      return [{ text: glyphs.done, style: 'green' }, ` ${title}  ${duration}`];
  }
}

function runningLine(phase: PhaseRecord, { glyphs, columns, nowMs, spin }: FrameOptions): StyledLine {
  const mark = glyphs.spinner[spin % glyphs.spinner.length] ?? '';
  // On a narrow terminal the time must not be pushed off the line.
  const title = padText(cleanText(phase.title), Math.min(TITLE_WIDTH, columns - 14));
  return [
    { text: mark, style: 'cyan' },
    ' ',
    { text: title, style: 'bold' },
    `  ${formatElapsed(nowMs - phase.startMs)}`,
  ];
}

function itemLines(items: readonly ItemRecord[], options: FrameOptions): readonly StyledLine[] {
  const unfinished = items.filter(({ fraction }) => fraction < 1);
  // With too many to show, what is still at work matters; what is done needs no watching.
  const shown = (items.length > MAX_ITEMS ? unfinished : items).slice(0, MAX_ITEMS);
  const nameWidth = Math.max(0, ...shown.map(({ item }) => textWidth(cleanText(item))));
  return shown.map((item) => itemLine(item, nameWidth, options));
}

function itemLine(item: ItemRecord, nameWidth: number, { glyphs, columns, nowMs }: FrameOptions): StyledLine {
  const left = remainingMs(item, nowMs);
  const speed = item.fraction < 1 ? bytesPerSecond(item, nowMs) : undefined;
  const details = [
    formatPercent(item.fraction).padStart(5),
    progressBytes(item),
    speed === undefined ? '' : `${formatBytes(speed)}/s`,
    left === undefined ? '' : `${formatElapsed(left)} left`,
  ].filter((text) => text !== '');
  const detail = details.join('  ');
  const barWidth = Math.min(30, Math.max(10, columns - nameWidth - textWidth(detail) - 9));
  const style = item.fraction >= 1 ? 'green' : 'cyan';
  return [
    `    ${padText(cleanText(item.item), nameWidth)}  `,
    { text: progressBar(item.fraction, barWidth, glyphs), style },
    `  ${detail}`,
  ];
}
