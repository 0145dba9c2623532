/**
 * The whole vocabulary of what happens in a build, one closed union. Steps emit events and know nothing of
 * who listens; the terminal, the plain log, the JSON lines and manifest.json are folds over the same events.
 * Every event is plain data: it survives JSON and carries no secret.
 */

import type { ErrorCode } from './errors.ts';

export type Phase =
  | 'base'
  | 'prepare'
  | 'boot'
  | 'provision'
  | 'save'
  | 'convert'
  | 'prove'
  | 'finish'
  | 'publish'
  | 'diff'
  | AmiPhase;

/** What is done for an Amazon AMI, beside the local images. */
export type AmiPhase = 'ami-prepare' | 'ami-boot' | 'ami-provision' | 'ami-save' | 'ami-finish';

export type PhaseOutcome = 'done' | 'failed' | 'reused';

/** One line of the plan: what, with which value, and why when that is not obvious. */
export interface PlanRow {
  readonly label: string;
  readonly value: string;
  readonly why?: string;
}

export interface PlanMade {
  readonly type: 'plan-made';
  readonly rows: readonly PlanRow[];
}

/** A layer of the build: a checkpoint behind the boot or behind a provisioner. */
export interface LayerRow {
  readonly layer: string;
  readonly state: 'cached' | 'build';
  /** Why it is built, a phrase each; empty for one that is cached. */
  readonly reasons: readonly string[];
  /** How long it took the last time. */
  readonly expectedMs?: number;
}

/** Which layers are taken from the store and which are built. */
export interface LayersPlanned {
  readonly type: 'layers-planned';
  readonly layers: readonly LayerRow[];
  /** Places where it cannot be known what a playbook reads, so that its whole folder counts. */
  readonly unknown: readonly string[];
}

/** The machine runs again as it was at the end of this layer. */
export interface LayerResumed {
  readonly type: 'layer-resumed';
  readonly layer: string;
  readonly durationMs: number;
}

/** A layer is whole and will be used again. */
export interface LayerSaved {
  readonly type: 'layer-saved';
  readonly layer: string;
  /** What it took to build, without the checkpoint itself. */
  readonly buildMs: number;
  /** How long the checkpoint held the build up. */
  readonly checkpointMs: number;
  readonly sizeBytes: number;
}

/** Nothing has changed since a finished output: nothing was built. */
export interface OutputCurrent {
  readonly type: 'output-current';
  readonly directory: string;
  /** The AMIs of it that are there, when some were asked for. */
  readonly amis?: readonly Ami[];
}

export interface PhaseStarted {
  readonly type: 'phase-started';
  readonly phase: Phase;
  readonly title: string;
}

export interface PhaseFinished {
  readonly type: 'phase-finished';
  readonly phase: Phase;
  readonly outcome: PhaseOutcome;
  readonly durationMs: number;
}

/** How far one item of a phase is: a download, a step of making the base, one format of a conversion. */
export interface Progress {
  readonly type: 'progress';
  readonly phase: Phase;
  readonly item: string;
  /** 0 to 1. */
  readonly fraction: number;
  /** Bytes so far and in all, where the item is counted in bytes. */
  readonly doneBytes?: number;
  readonly totalBytes?: number;
}

/** An Ansible task, as Packer's output tells of it. Local images and an AMI may be provisioned at the same time. */
export interface TaskStarted {
  readonly type: 'task-started';
  readonly phase: TaskPhase;
  readonly play: string;
  readonly task: string;
}

/** Whose task it is. */
export type TaskPhase = 'provision' | 'ami-provision';

export type TaskOutcome = 'ok' | 'changed' | 'skipped' | 'ignored' | 'failed' | 'unreachable';

export interface TaskFinished {
  readonly type: 'task-finished';
  readonly phase: TaskPhase;
  readonly play: string;
  readonly task: string;
  readonly outcome: TaskOutcome;
  readonly durationMs: number;
}

/** A fact for people: one sentence. */
export interface Notice {
  readonly type: 'notice';
  readonly level: 'info' | 'warning';
  readonly text: string;
}

/** One line of a tool's own output, for the log. */
export interface ToolOutput {
  readonly type: 'tool-output';
  readonly tool: string;
  readonly line: string;
}

/** One finished file of a build or a conversion. */
export interface Artifact {
  readonly format: string;
  /** The file's name, without folder. */
  readonly file: string;
  readonly bytes: number;
  readonly virtualBytes: number;
  readonly sha256: string;
}

export interface ArtifactMade extends Artifact {
  readonly type: 'artifact-made';
}

/** An Amazon AMI, and the snapshot that its root is made of. */
export interface Ami {
  readonly region: string;
  readonly id: string;
  readonly snapshotId: string;
  readonly name: string;
}

export interface AmiMade extends Ami {
  readonly type: 'ami-made';
}

export type CheckOutcome = 'ok' | 'failed';

/** One thing that was looked at in a booted machine. */
export interface ProofCheck {
  readonly check: string;
  readonly outcome: CheckOutcome;
  readonly detail?: string;
}

/** What became of one file, booted on hardware like its target's. */
export interface BootProof {
  readonly format: string;
  /** The image's name, without folder. */
  readonly file: string;
  /** `VirtualBox: SATA disk (AHCI), Intel e1000, BIOS` */
  readonly hardware: string;
  readonly outcome: 'ok' | 'failed';
  readonly durationMs: number;
  /** Until SSH answered; undefined when it did not. */
  readonly bootMs?: number;
  /** Empty for a machine that did not let anybody in. */
  readonly checks: readonly ProofCheck[];
  /** Why the boot failed, as far as that can be guessed. */
  readonly cause?: string;
  /** A picture of its screen and its serial console's text: names in the folder of the evidence. */
  readonly screenshot?: string;
  readonly console?: string;
  /** Why there is no picture of its screen. */
  readonly noScreenshot?: string;
}

/** A file was booted on hardware like its target's, and looked at. */
export interface ImageProven extends BootProof {
  readonly type: 'image-proven';
}

export interface BuildFinished {
  readonly type: 'build-finished';
  readonly directory: string;
  readonly artifacts: readonly Artifact[];
  /** The AMIs that were made beside them. */
  readonly amis?: readonly Ami[];
  readonly durationMs: number;
  /** How to log in to a machine of these images, as a command to type: `ssh -i KEY core@ADDRESS`. */
  readonly login?: string;
}

export interface BuildFailed {
  readonly type: 'build-failed';
  readonly code: ErrorCode | 'bug';
  readonly message: string;
  readonly hint?: string;
  readonly tail?: readonly string[];
  readonly logFile?: string;
}

export type BuildEvent =
  | PlanMade
  | LayersPlanned
  | LayerResumed
  | LayerSaved
  | OutputCurrent
  | PhaseStarted
  | PhaseFinished
  | Progress
  | TaskStarted
  | TaskFinished
  | Notice
  | ToolOutput
  | ArtifactMade
  | AmiMade
  | ImageProven
  | BuildFinished
  | BuildFailed;

/** An event with the moment it was emitted, in milliseconds since the Unix epoch. */
export type TimedEvent = BuildEvent & { readonly timeMs: number };

/** What steps get: the only way to say something. */
export type Emit = (event: BuildEvent) => void;

/** What listeners are: they fold events into text, a log, a manifest. */
export type Listener = (event: TimedEvent) => void;

/** Hands each event to every listener; a listener that throws is dropped and told of, never fatal. */
export class EventBus {
  readonly #listeners = new Set<Listener>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Adds a listener; the returned function takes it away again. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  readonly emit: Emit = (event) => {
    const timed: TimedEvent = { ...event, timeMs: this.#now() };
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(timed);
      } catch (thrown) {
        this.#listeners.delete(listener);
        failures.push(thrown);
      }
    }
    // Told of after the event itself, so that the others get both in order.
    for (const failure of failures) {
      const text = `a listener failed and was dropped: ${String(failure)}`;
      this.emit({ type: 'notice', level: 'warning', text });
    }
  };
}

/**
 * Runs one phase between its two events. The outcome is `failed` when the work throws; what it is otherwise,
 * `outcomeOf` tells by the result.
 */
export async function runPhase<Result>(
  emit: Emit,
  phase: Phase,
  title: string,
  work: () => Promise<Result>,
  outcomeOf: (result: Result) => 'done' | 'reused' = () => 'done',
): Promise<Result> {
  const startMs = performance.now();
  const finish = (outcome: PhaseOutcome): void => {
    emit({ type: 'phase-finished', phase, outcome, durationMs: Math.round(performance.now() - startMs) });
  };
  emit({ type: 'phase-started', phase, title });
  try {
    const result = await work();
    finish(outcomeOf(result));
    return result;
  } catch (thrown) {
    finish('failed');
    throw thrown;
  }
}
