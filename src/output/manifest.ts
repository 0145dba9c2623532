import type { Ami, Artifact, Phase, PhaseOutcome, PlanRow, TaskOutcome, TaskPhase } from '../events.ts';

/** One phase of the build and how long it took. Times of a manifest (`startMs`) count from the build's beginning. */
export interface PhaseRecord {
  readonly phase: Phase;
  readonly outcome: PhaseOutcome;
  readonly seconds: number;
  readonly title?: string;
  readonly startMs?: number;
}

/** One layer of the build. One that was built but could not be kept has no times and no size. */
export interface BuiltLayer {
  readonly layer: string;
  readonly state: 'cached' | 'built';
  /** Why it was built, a phrase each; empty for one that was cached. */
  readonly reasons: readonly string[];
  readonly startMs?: number;
  readonly buildMs?: number;
  /** How long the checkpoint behind it held the build up. */
  readonly checkpointMs?: number;
  readonly sizeBytes?: number;
}

/** One Ansible task that ran. */
export interface TaskRecord {
  /** Not there in manifests of older versions: `provision`. */
  readonly phase?: TaskPhase;
  readonly play: string;
  readonly task: string;
  readonly outcome: TaskOutcome;
  readonly startMs: number;
  readonly durationMs: number;
}

/** What was built from what, for programs. */
export const MANIFEST_FILE = 'manifest.json';

/** The list of the output's files, as sha256sum(1) checks it; what is signed. */
export const CHECKSUMS_FILE = 'SHA256SUMS';

/** Who signed the list of checksums. */
export interface Signature {
  readonly tool: 'gpg' | 'minisign';
  /** The signature's file, beside the list. */
  readonly file: string;
  /** GnuPG's fingerprint of the primary key, or minisign's public key. */
  readonly key: string;
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
  /** What was planned, and why. This and all below is not in manifests of older versions. */
  readonly plan?: readonly PlanRow[];
  /** Empty for a build without layers. */
  readonly layers?: readonly BuiltLayer[];
  readonly tasks?: readonly TaskRecord[];
  /** From the build's beginning until its manifest was written. */
  readonly durationMs?: number;
  /** How to log in to a machine of these images, as a command to type. */
  readonly login?: string;
  /** Not there when the checksums are not signed. */
  readonly signature?: Signature;
  /** AMIs that the build itself made; those of a later `publish` are in published.json. */
  readonly ami?: readonly Ami[];
}

/** The list of checksums as sha256sum(1) writes it. */
export function checksumLines(files: readonly { readonly file: string; readonly sha256: string }[]): string {
  return files.map(({ file, sha256 }) => `${sha256}  ${file}\n`).join('');
}
