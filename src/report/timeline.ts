import type { BuiltLayer, Manifest, PhaseRecord, TaskRecord } from '../output/manifest.ts';
import { formatBytes } from '../ui/bytes.ts';
import { formatDuration } from '../ui/duration.ts';
import { type Content, type Html, html, NOTHING } from './html.ts';
import { slowestTasks, tasksByPlay } from './slowest.ts';
import { TimeScale } from './time-scale.ts';
import { totalMs } from './total-time.ts';

const NAMED_TASKS = 8;

/** Where the time went: phases, layers and Ansible tasks on one axis of time. */
export function timelineSection(manifest: Manifest): Html {
  const { phases, layers = [], tasks = [] } = manifest;
  const scale = new TimeScale(totalMs(manifest));
  return html`<section aria-labelledby="time">
<h2 id="time">Time</h2>
${slowestSentence(tasks, scale.totalMs)}
${group(
  'Phases',
  phases.map((phase) => phaseRow(phase, scale)),
  scale,
)}
${group(
  'Layers',
  layers.map((layer) => layerRow(layer, scale)),
  scale,
  'The lighter end of a bar is the checkpoint that keeps the layer.',
)}
${taskGroups(tasks, scale)}
</section>`;
}

function slowestSentence(tasks: readonly TaskRecord[], wholeMs: number): Html {
  const [slowest] = slowestTasks(tasks, 1);
  if (slowest === undefined) return NOTHING;
  const percent = Math.round((slowest.durationMs / wholeMs) * 100);
  return html`<p>The slowest task was <strong>${slowest.task}</strong>: <span class="whole">${formatDuration(slowest.durationMs)}</span>, <span class="whole">${percent} %</span> of the build.</p>`;
}

interface Bar {
  readonly startMs: number;
  readonly durationMs: number;
  readonly kind: 'work' | 'checkpoint';
}

interface Row {
  readonly name: string;
  /** How it went, in a word; empty when there is nothing to say. */
  readonly outcome: string;
  /** In words, what the bar cannot tell; a line each. */
  readonly notes: readonly string[];
  readonly bars: readonly Bar[];
  readonly time: string;
}

function phaseRow({ phase, title, outcome, seconds, startMs }: PhaseRecord, scale: TimeScale): Html {
  const durationMs = seconds * 1000;
  return row(
    {
      name: title ?? phase,
      outcome: outcome === 'done' ? '' : outcome,
      notes: [],
      bars: startMs === undefined ? [] : [{ startMs, durationMs, kind: 'work' }],
      time: formatDuration(durationMs),
    },
    scale,
  );
}

function layerRow(layer: BuiltLayer, scale: TimeScale): Html {
  const { state, reasons, startMs, buildMs, checkpointMs = 0 } = layer;
  const isTimed = startMs !== undefined && buildMs !== undefined;
  const bars: readonly Bar[] = isTimed
    ? [
        { startMs, durationMs: buildMs, kind: 'work' },
        { startMs: startMs + buildMs, durationMs: checkpointMs, kind: 'checkpoint' },
      ]
    : [];
  const time = state === 'cached' || buildMs === undefined ? state : formatDuration(buildMs);
  const why = reasons.length === 0 ? [] : [reasons.join(', ')];
  return row({ name: layer.layer, outcome: '', notes: [...why, ...keptNotes(layer)], bars, time }, scale);
}

function keptNotes({ state, checkpointMs = 0, sizeBytes }: BuiltLayer): readonly string[] {
  if (state === 'cached') return [];
  if (sizeBytes === undefined) return ['not kept'];
  return [`kept in ${formatDuration(checkpointMs)}, ${formatBytes(sizeBytes)}`];
}

function taskGroups(tasks: readonly TaskRecord[], scale: TimeScale): Html {
  if (tasks.length === 0) return NOTHING;
  const named = new Set(slowestTasks(tasks, NAMED_TASKS));
  const inOrder = tasks.filter((task) => named.has(task));
  const plays = tasksByPlay(tasks).map(
    ({ play, tasks: ofPlay }) => html`<h4>${play}</h4>${list(ofPlay.map((task) => taskRow(task, scale)))}`,
  );
  return html`${group(
    'Slowest Ansible tasks',
    inOrder.map((task) => taskRow(task, scale)),
    scale,
  )}
<details><summary>All ${tasks.length} Ansible tasks</summary>${plays}</details>`;
}

function taskRow({ task, outcome, startMs, durationMs }: TaskRecord, scale: TimeScale): Html {
  const bars = [{ startMs, durationMs, kind: 'work' }] as const;
  return row({ name: task, outcome, notes: [], bars, time: formatDuration(durationMs) }, scale);
}

function group(title: string, rows: readonly Html[], scale: TimeScale, legend = ''): Html {
  if (rows.length === 0) return NOTHING;
  const note = legend === '' ? NOTHING : html`<p class="note">${legend}</p>`;
  return html`<h3>${title}</h3>${note}${axis(scale)}${list(rows)}`;
}

/** With its role: Safari takes a list without marks for no list. */
function list(rows: readonly Html[]): Html {
  return html`<ol class="rows" role="list">${rows}</ol>`;
}

function row({ name, outcome, notes, bars, time }: Row, scale: TimeScale): Html {
  const [first] = bars;
  const start =
    first === undefined
      ? NOTHING
      : html`<span class="unseen">from ${formatDuration(first.startMs)} on, </span>`;
  const went = outcome === '' ? NOTHING : html`<span class="note">${outcome}</span> `;
  const lines = notes.map((note) => html` <span class="note line">${note}</span>`);
  return html`<li><span class="name">${name}${lines}</span>${track(bars, scale)}<span class="figure">${went}${start}<span class="whole">${time}</span></span></li>`;
}

/** The picture of what the words beside it say. In percent, so that it fits every width without a script. */
function track(bars: readonly Bar[], scale: TimeScale): Html {
  const shapes = bars.map(({ startMs, durationMs, kind }): Content => {
    const { fromPercent, widthPercent } = scale.stretch(startMs, durationMs);
    return html`<rect class="${kind}" x="${fromPercent}%" y="25%" width="${widthPercent}%" height="50%"/>`;
  });
  return html`<svg class="track" aria-hidden="true">${gridLines(scale)}${shapes}</svg>`;
}

function gridLines({ marks }: TimeScale): readonly Html[] {
  return marks.map(({ atPercent }) => html`<line x1="${atPercent}%" x2="${atPercent}%" y1="0" y2="100%"/>`);
}

function axis({ marks }: TimeScale): Html {
  const labels = marks
    // The last one would stand out of the picture.
    .filter(({ atPercent }) => atPercent <= 92)
    .map(({ atPercent, label }) => html`<text x="${atPercent}%" y="70%">${label}</text>`);
  return html`<div class="axis" aria-hidden="true"><svg>${labels}</svg></div>`;
}
