import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { BootProof } from '../events.ts';
import { writeFileWhole } from '../system/files.ts';
import { redactedJson } from '../system/secrets.ts';
import { FileName } from './file-name.ts';

/** The folder of the evidence in an output, and the record in it. */
export const PROOF_FOLDER = 'proof';
const RECORD_FILE = 'proof.json';

/** What a proof showed: it stands beside its pictures and consoles. The form only grows; `schema` counts its changes. */
export interface ProofRecord {
  readonly schema: 1;
  readonly builder: string;
  readonly provenAt: string;
  readonly accelerator: string;
  readonly boots: readonly BootProof[];
}

const Check = z.object({
  check: z.string(),
  outcome: z.enum(['ok', 'failed', 'skipped']),
  detail: z.string().exactOptional(),
});

const Time = z.number().nonnegative();

const RecordSchema: z.ZodType<ProofRecord> = z.object({
  schema: z.literal(1),
  builder: z.string(),
  provenAt: z.string(),
  accelerator: z.string(),
  boots: z.array(
    z.object({
      format: z.string(),
      file: z.string(),
      hardware: z.string(),
      outcome: z.enum(['ok', 'failed']),
      durationMs: Time,
      bootMs: Time.exactOptional(),
      checks: z.array(Check),
      cause: z.string().exactOptional(),
      screenshot: FileName.exactOptional(),
      console: FileName.exactOptional(),
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

/** Writes the record into the folder of its evidence. Nothing that is a secret gets into it. */
export async function writeProofRecord(folder: string, record: ProofRecord): Promise<void> {
  await writeFileWhole(join(folder, RECORD_FILE), redactedJson(record));
}

/** The record in a folder of evidence; undefined when there is none that can be read. */
export async function readProofRecord(folder: string): Promise<ProofRecord | undefined> {
  try {
    return RecordSchema.parse(JSON.parse(await readFile(join(folder, RECORD_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}
