import type { Artifact, Listener, Phase, PhaseOutcome } from '../events.ts';

/** One phase of the build and how long it took. */
export interface PhaseRecord {
  readonly phase: Phase;
  readonly outcome: PhaseOutcome;
  readonly seconds: number;
}

/** manifest.json: what was built from what, without a secret. The form only grows; `schema` counts its changes. */
export interface Manifest {
  readonly schema: 1;
  readonly name: string;
  /** The stamp of the output folder. */
  readonly version: string;
  readonly builder: string;
  readonly builtAt: string;
  readonly base: {
    readonly source: string;
    readonly family: string;
    readonly checksum: string;
    readonly virtualBytes: number;
  };
  readonly payload: string;
  /** Key of all that the output was made of; a build whose key is the same would make the same images. */
  readonly inputs?: string;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly artifacts: readonly Artifact[];
  readonly phases: readonly PhaseRecord[];
  readonly tools: Readonly<Record<string, string>>;
}

/** A listener that adds each phase that ends to the list, in order, for the manifest. */
export function recordPhases(records: PhaseRecord[]): Listener {
  return (event) => {
    if (event.type !== 'phase-finished') return;
    const { phase, outcome, durationMs } = event;
    records.push({ phase, outcome, seconds: Math.round(durationMs / 100) / 10 });
  };
}

/** SHA256SUMS as sha256sum(1) writes and checks it. */
export function checksumLines(files: readonly { readonly file: string; readonly sha256: string }[]): string {
  return files.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join('');
}
