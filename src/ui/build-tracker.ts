import type { Artifact, Phase, PhaseOutcome, Progress, TimedEvent } from '../events.ts';

/** One phase as it stands: running while it has no outcome. */
export interface PhaseRecord {
  readonly phase: Phase;
  readonly title: string;
  readonly startMs: number;
  readonly outcome: PhaseOutcome | undefined;
  /** Undefined while it runs. */
  readonly durationMs: number | undefined;
}

/** How far one item of a phase is, and where it was when first heard of (the two tell its speed). */
export interface ItemRecord {
  readonly item: string;
  readonly fraction: number;
  readonly doneBytes: number | undefined;
  readonly totalBytes: number | undefined;
  readonly startMs: number;
  readonly startFraction: number;
}

export interface TaskRecord {
  readonly play: string;
  readonly task: string;
  readonly startMs: number;
}

/**
 * What a build's events add up to: which phases ran, which run now, how far each item is, which Ansible task is at
 * work. The one fold that everybody shares who needs more than the event at hand: terminal, plain lines, manifest.
 *
 *     phase-started      progress …, task-started/-finished …      phase-finished
 *   ────────────────▶ running ───────────────────────────────────▶ finished (done | failed | reused)
 */
export class BuildTracker {
  readonly #phases: PhaseRecord[] = [];
  readonly #items = new Map<Phase, Map<string, ItemRecord>>();
  readonly #artifacts: Artifact[] = [];
  readonly #tasks = new Map<Phase, TaskRecord>();
  #startMs: number | undefined;

  /** Takes in one event, in the order in which they were emitted. */
  apply(event: TimedEvent): void {
    this.#startMs ??= event.timeMs;
    switch (event.type) {
      case 'phase-started':
        this.#items.delete(event.phase);
        this.#phases.push(startOf(event.phase, event.title, event.timeMs));
        break;
      case 'phase-finished':
        this.#finishPhase(event.phase, event.outcome, event.durationMs, event.timeMs);
        break;
      case 'progress':
        this.#applyProgress(event, event.timeMs);
        break;
      case 'task-started':
        this.#tasks.set(event.phase, { play: event.play, task: event.task, startMs: event.timeMs });
        break;
      case 'task-finished':
        this.#tasks.delete(event.phase);
        break;
      case 'artifact-made': {
        const { format, file, bytes, virtualBytes, sha256 } = event;
        this.#artifacts.push({ format, file, bytes, virtualBytes, sha256 });
        break;
      }
      default:
    }
  }

  /** Every phase so far, in the order of their starts. */
  get phases(): readonly PhaseRecord[] {
    return this.#phases;
  }

  get running(): readonly PhaseRecord[] {
    return this.#phases.filter(({ outcome }) => outcome === undefined);
  }

  /** The items of a phase, in the order in which they were first heard of. */
  itemsOf(phase: Phase): readonly ItemRecord[] {
    return [...(this.#items.get(phase)?.values() ?? [])];
  }

  /** The Ansible task at work in a phase, if any. */
  taskOf(phase: Phase): TaskRecord | undefined {
    return this.#tasks.get(phase);
  }

  get artifacts(): readonly Artifact[] {
    return this.#artifacts;
  }

  /** When the first event was emitted. */
  get startMs(): number | undefined {
    return this.#startMs;
  }

  #finishPhase(phase: Phase, outcome: PhaseOutcome, durationMs: number, timeMs: number): void {
    const index = this.#phases.findLastIndex(
      (record) => record.phase === phase && record.outcome === undefined,
    );
    // A phase that was skipped (its result was reused) may be told of by its end alone.
    const record = this.#phases[index] ?? startOf(phase, phase, timeMs - durationMs);
    this.#phases.splice(index === -1 ? this.#phases.length : index, 1, { ...record, outcome, durationMs });
    this.#items.delete(phase);
    this.#tasks.delete(phase);
  }

  #applyProgress(event: Progress, timeMs: number): void {
    const items = this.#items.get(event.phase) ?? new Map<string, ItemRecord>();
    this.#items.set(event.phase, items);
    const fraction = Number.isFinite(event.fraction) ? Math.min(1, Math.max(0, event.fraction)) : 0;
    const known = items.get(event.item);
    // An item that went back has started again (a second try of a download): its old speed says nothing.
    const first = known === undefined || fraction < known.fraction;
    items.set(event.item, {
      item: event.item,
      fraction,
      doneBytes: event.doneBytes,
      totalBytes: event.totalBytes,
      startMs: first ? timeMs : known.startMs,
      startFraction: first ? fraction : known.startFraction,
    });
  }
}

/**
 * Milliseconds until the item is done if it goes on as it went so far; undefined while too little is known.
 * It grows while nothing moves, which is the truth about something that stalls.
 */
export function remainingMs(item: ItemRecord, nowMs: number): number | undefined {
  const elapsedMs = nowMs - item.startMs;
  const advance = item.fraction - item.startFraction;
  if (elapsedMs < 2000 || advance < 0.02 || item.fraction >= 1) return undefined;
  return (elapsedMs * (1 - item.fraction)) / advance;
}

/** How fast an item that is counted in bytes goes; undefined while too little is known. */
export function bytesPerSecond(item: ItemRecord, nowMs: number): number | undefined {
  const elapsedMs = nowMs - item.startMs;
  const advance = item.fraction - item.startFraction;
  if (item.totalBytes === undefined || elapsedMs < 2000 || advance <= 0) return undefined;
  return (advance * item.totalBytes * 1000) / elapsedMs;
}

function startOf(phase: Phase, title: string, startMs: number): PhaseRecord {
  return { phase, title, startMs, outcome: undefined, durationMs: undefined };
}
