import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BootProof } from '../events.ts';
import { writeFileWhole } from '../system/files.ts';
import { redactedJson } from '../system/secrets.ts';
import { VERSION } from '../version.ts';
import { FileName } from './file-name.ts';

/** The folder of the evidence in an output, and the record in it. */
export const PROOF_FOLDER = 'proof';
const RECORD_FILE = 'proof.json';

/** Whether each file is the one that was made, and all hold the same disk. */
export interface Comparison {
  readonly outcome: 'ok' | 'failed';
  /** What is wrong. */
  readonly reason?: string;
}

/** What a proof showed: it stands beside its pictures and consoles. The form only grows; `schema` counts its changes. */
export interface ProofRecord {
  readonly schema: 1;
  readonly builder: string;
  readonly provenAt: string;
  /** Undefined in the record of a build: its conversion compared the files, and there is no output when they differ. */
  readonly comparison?: Comparison;
  /** What the machines ran by; undefined when none was booted. */
  readonly accelerator?: string;
  readonly boots: readonly BootProof[];
}

/** What a proof found, as against when and by what. */
export type ProofFindings = Pick<ProofRecord, 'comparison' | 'accelerator' | 'boots'>;

const Outcome = z.enum(['ok', 'failed']);

const Check = z.object({
  check: z.string(),
  outcome: Outcome,
  detail: z.string().exactOptional(),
});

const Time = z.number().nonnegative();

const RecordSchema: z.ZodType<ProofRecord> = z.object({
  schema: z.literal(1),
  builder: z.string(),
  provenAt: z.string(),
  comparison: z.object({ outcome: Outcome, reason: z.string().exactOptional() }).exactOptional(),
  accelerator: z.string().exactOptional(),
  boots: z.array(
    z.object({
      format: z.string(),
      file: z.string(),
      hardware: z.string(),
      outcome: Outcome,
      durationMs: Time,
      bootMs: Time.exactOptional(),
      checks: z.array(Check),
      cause: z.string().exactOptional(),
      screenshot: FileName.exactOptional(),
      console: FileName.exactOptional(),
      noScreenshot: z.string().exactOptional(),
    }),
  ),
});

/** Whether images were booted, and all of them were right. */
export function isProven({ boots }: ProofRecord): boolean {
  return boots.length > 0 && boots.every(({ outcome }) => outcome === 'ok');
}

/** Takes away what an earlier proof found: the next one has not found anything yet. */
export async function dropProofRecord(folder: string): Promise<void> {
  await rm(join(folder, RECORD_FILE), { force: true });
}

/** Writes what was found into the folder of its evidence, and returns the record. Nothing that is a secret gets into it. */
export async function writeProofRecord(folder: string, findings: ProofFindings): Promise<ProofRecord> {
  const record: ProofRecord = {
    schema: 1,
    builder: `netsil-builder ${VERSION}`,
    provenAt: new Date().toISOString(),
    ...findings,
  };
  await writeFileWhole(join(folder, RECORD_FILE), redactedJson(record));
  return record;
}

/** The record in a folder of evidence; undefined when there is none that can be read. */
export async function readProofRecord(folder: string): Promise<ProofRecord | undefined> {
  try {
    return RecordSchema.parse(JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
