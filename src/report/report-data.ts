import type { Artifact } from '../events.ts';
import type { Manifest } from '../output/manifest.ts';
import type { ProofRecord } from '../output/proof-record.ts';

/** What a person does to get a file into a platform: a command to type, or something that no command does. */
export type ReportStep =
  | { readonly kind: 'type'; readonly command: string }
  | { readonly kind: 'do'; readonly text: string };

/** A finished file, and what is known of its format. */
export interface ReportImage extends Artifact {
  /** Where it is meant to go; empty for a format that is not known. */
  readonly target: string;
  /** How it was proven besides the comparison with its source; empty when by nothing. */
  readonly check: string;
  readonly imports: readonly { readonly platform: string; readonly steps: readonly ReportStep[] }[];
}

/** The evidence of a proof. */
export interface ReportProof {
  readonly record: ProofRecord;
  /** The folder of the evidence, beside the report. */
  readonly folder: string;
  /** Pictures of screens, PNG, by name. */
  readonly pictures: ReadonlyMap<string, Uint8Array>;
}

/** All that a report is made of. */
export interface ReportData {
  readonly manifest: Manifest;
  readonly images: readonly ReportImage[];
  /** Of images that were booted. */
  readonly proof?: ReportProof;
}
