import type {
  Ami,
  Artifact,
  LayerRow,
  LayerSaved,
  Listener,
  Phase,
  PhaseFinished,
  PlanRow,
  TaskFinished,
  TaskPhase,
} from '../events.ts';
import type { BuiltLayer, PhaseRecord, TaskRecord } from './manifest.ts';

/**
 * Keeps of a build's events what its manifest tells. `beginMs` is when the build began, by the clock of the events; all
 * times of the records count from there.
 */
export class BuildRecorder {
  readonly artifacts: Artifact[] = [];
  readonly amis: Ami[] = [];
  readonly phases: PhaseRecord[] = [];
  readonly tasks: TaskRecord[] = [];
  readonly #beginMs: number;
  readonly #saved = new Map<string, LayerSaved>();
  readonly #phaseStarts = new Map<Phase, { readonly title: string; readonly startMs: number }>();
  readonly #taskStarts = new Map<TaskPhase, number>();
  #plan: readonly PlanRow[] = [];
  #layerRows: readonly LayerRow[] = [];
  #layersStartMs = 0;

  constructor(beginMs: number) {
    this.#beginMs = beginMs;
  }

  get plan(): readonly PlanRow[] {
    return this.#plan;
  }

  /**
   * The layers of the last try, from the machine on. Each begins where the one below has ended with its checkpoint: the
   * event of a layer comes only when it is sealed, while the next one is at work.
   */
  get layers(): readonly BuiltLayer[] {
    let startMs: number | undefined = this.#layersStartMs;
    return this.#layerRows.map(({ layer, state, reasons }): BuiltLayer => {
      if (state === 'cached') return { layer, state, reasons };
      const saved = this.#saved.get(layer);
      const begun = startMs;
      startMs = saved && begun !== undefined ? begun + saved.buildMs + saved.checkpointMs : undefined;
      const { buildMs, checkpointMs, sizeBytes } = saved ?? {};
      return {
        ...{ layer, state: 'built', reasons },
        ...(begun === undefined || saved === undefined ? {} : { startMs: begun }),
        ...(buildMs === undefined ? {} : { buildMs }),
        ...(checkpointMs === undefined ? {} : { checkpointMs }),
        ...(sizeBytes === undefined ? {} : { sizeBytes }),
      };
    });
  }

  readonly listener: Listener = (event) => {
    const atMs = Math.max(0, Math.round(event.timeMs - this.#beginMs));
    switch (event.type) {
      case 'plan-made':
        this.#plan = event.rows;
        break;
      case 'artifact-made':
        this.#keepArtifact(event);
        break;
      case 'ami-made':
        this.#keepAmi(event);
        break;
      case 'task-started':
        this.#taskStarts.set(event.phase, atMs);
        break;
      case 'task-finished':
        this.#keepTask(event, atMs);
        break;
      case 'phase-started':
        this.#phaseStarts.set(event.phase, { title: event.title, startMs: atMs });
        break;
      case 'phase-finished':
        this.#keepPhase(event, atMs);
        break;
      case 'layers-planned':
        this.#layerRows = event.layers;
        this.#saved.clear();
        break;
      case 'layer-resumed':
        this.#layersStartMs = atMs;
        break;
      case 'layer-saved':
        this.#saved.set(event.layer, event);
        break;
      default:
    }
  };

  #keepArtifact({ format, file, bytes, virtualBytes, sha256 }: Artifact): void {
    this.artifacts.push({ format, file, bytes, virtualBytes, sha256 });
  }

  #keepAmi({ region, id, snapshotId, name }: Ami): void {
    this.amis.push({ region, id, snapshotId, name });
  }

  #keepTask({ phase, play, task, outcome, durationMs }: TaskFinished, atMs: number): void {
    const startMs = this.#taskStarts.get(phase) ?? Math.max(0, atMs - durationMs);
    this.tasks.push({ phase, play, task, outcome, startMs, durationMs });
    this.#taskStarts.delete(phase);
  }

  #keepPhase({ phase, outcome, durationMs }: PhaseFinished, atMs: number): void {
    const seconds = Math.round(durationMs / 100) / 10;
    // A phase whose result was reused may be told of by its end alone.
    const start = this.#phaseStarts.get(phase) ?? { startMs: Math.max(0, atMs - durationMs) };
    this.phases.push({ phase, outcome, seconds, ...start });
    this.#phaseStarts.delete(phase);
    // A machine that boots begins its first layer here; one that is resumed tells so by an event of its own.
    if (phase === 'prepare') this.#layersStartMs = atMs;
  }
}
