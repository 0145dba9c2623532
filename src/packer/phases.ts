import type { Emit, Phase, PhaseOutcome } from '../events.ts';

const BOOT_TITLE = 'boot the machine and wait for SSH';
const TITLES: Readonly<Partial<Record<Phase, string>>> = {
  provision: 'provision with Ansible',
  save: 'shut down and save the disk',
  convert: 'convert the disk',
};

/** Packer's own words that begin a phase (checked against 1.6.6). Each phase comes once, in this order. */
const MARKERS: readonly (readonly [Phase, RegExp])[] = [
  ['boot', /^Starting VM|^Launching a source AWS instance/],
  ['provision', /^Connected to (SSH|WinRM)/],
  ['save', /^Gracefully halting virtual machine|^Stopping the source instance/],
  ['convert', /^Running post-processor/],
];

/** Folds what Packer says into phases: each one's beginning ends the one before. */
export class PackerPhases {
  readonly #emit: Emit;
  readonly #titles: Readonly<Partial<Record<Phase, string>>>;
  readonly #now: () => number;
  #current: { readonly index: number; readonly phase: Phase; readonly startMs: number } | undefined;

  /** `bootTitle` is what the machine's start is called. */
  constructor(emit: Emit, bootTitle = BOOT_TITLE, now: () => number = () => performance.now()) {
    this.#emit = emit;
    this.#titles = { ...TITLES, boot: bootTitle };
    this.#now = now;
  }

  get current(): Phase | undefined {
    return this.#current?.phase;
  }

  line(text: string): void {
    const after = this.#current?.index ?? -1;
    const index = MARKERS.findIndex(([, pattern], place) => place > after && pattern.test(text));
    const phase = MARKERS[index]?.[0];
    if (phase === undefined) return;
    this.finish('done');
    this.#current = { index, phase, startMs: this.#now() };
    this.#emit({ type: 'phase-started', phase, title: this.#titles[phase] ?? phase });
  }

  /** Ends the running phase, if there is one. */
  finish(outcome: PhaseOutcome): void {
    if (this.#current === undefined) return;
    const { phase, startMs } = this.#current;
    this.#emit({ type: 'phase-finished', phase, outcome, durationMs: Math.round(this.#now() - startMs) });
    if (outcome === 'failed') this.#current = undefined;
  }
}
