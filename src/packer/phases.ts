import type { Emit, Phase, PhaseOutcome, TaskPhase } from '../events.ts';

/** A phase of a builder's run, and Packer's own words that begin it (checked against 1.6.6). */
export interface PackerStep {
  readonly phase: Phase;
  readonly title: string;
  readonly marker: RegExp;
}

/** What one builder does, in the order in which it comes. */
export interface PackerSteps {
  readonly steps: readonly PackerStep[];
  /** The phase in which the provisioners run. */
  readonly tasks: TaskPhase;
}

/** What a local machine goes through; `bootTitle` is what its start is called. */
export function machineSteps(bootTitle = 'boot the machine and wait for SSH'): PackerSteps {
  return {
    steps: [
      { phase: 'boot', title: bootTitle, marker: /^Starting VM/ },
      { phase: 'provision', title: 'provision with Ansible', marker: /^Connected to (SSH|WinRM)/ },
      {
        phase: 'save',
        title: 'shut down and save the disk',
        marker: /^Gracefully halting virtual machine/,
      },
      { phase: 'convert', title: 'convert the disk', marker: /^Running post-processor/ },
    ],
    tasks: 'provision',
  };
}

/** What an instance goes through on its way to an AMI. */
export const INSTANCE_STEPS: PackerSteps = {
  steps: [
    {
      phase: 'ami-boot',
      title: 'start an instance and wait for SSH',
      marker: /^Launching a source AWS instance/,
    },
    { phase: 'ami-provision', title: 'provision the instance', marker: /^Connected to (SSH|WinRM)/ },
    { phase: 'ami-save', title: 'make the AMI of the instance', marker: /^Stopping the source instance/ },
  ],
  tasks: 'ami-provision',
};

/** Folds what Packer says into phases: each one's beginning ends the one before. Each comes once, in order. */
export class PackerPhases {
  readonly #emit: Emit;
  readonly #steps: readonly PackerStep[];
  readonly #now: () => number;
  #current: { readonly index: number; readonly phase: Phase; readonly startMs: number } | undefined;

  constructor(
    emit: Emit,
    { steps }: PackerSteps = machineSteps(),
    now: () => number = () => performance.now(),
  ) {
    this.#emit = emit;
    this.#steps = steps;
    this.#now = now;
  }

  get current(): Phase | undefined {
    return this.#current?.phase;
  }

  line(text: string): void {
    const after = this.#current?.index ?? -1;
    const index = this.#steps.findIndex(({ marker }, place) => place > after && marker.test(text));
    const step = this.#steps[index];
    if (step === undefined) return;
    const { phase, title } = step;
    this.finish('done');
    this.#current = { index, phase, startMs: this.#now() };
    this.#emit({ type: 'phase-started', phase, title });
  }

  /** Ends the running phase, if there is one. */
  finish(outcome: PhaseOutcome): void {
    if (this.#current === undefined) return;
    const { phase, startMs } = this.#current;
    this.#emit({ type: 'phase-finished', phase, outcome, durationMs: Math.round(this.#now() - startMs) });
    if (outcome === 'failed') this.#current = undefined;
  }
}
