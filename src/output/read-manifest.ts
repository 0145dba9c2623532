import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { asError, BuilderError, systemCode } from '../errors.ts';
import type { Ami, Phase, PhaseOutcome, TaskOutcome, TaskPhase } from '../events.ts';
import { parseCheckedJson } from '../system/checked-json.ts';
import { FileName } from './file-name.ts';
import { type Manifest, MANIFEST_FILE } from './manifest.ts';

/** A word of this program's; one that only a newer version knows is read as it stands. */
function word<Word extends string>(): z.ZodType<Word> {
  return z.custom<Word>((value) => typeof value === 'string', 'expected a string');
}

const Size = z.int().nonnegative();
const Time = z.number().nonnegative();

/** As the events have it, and as both the manifest and what is published later keep it. */
export const AmiSchema: z.ZodType<Ami> = z.object({
  region: z.string(),
  id: z.string(),
  snapshotId: z.string(),
  name: z.string(),
});

const Phases = z.object({
  phase: word<Phase>(),
  outcome: word<PhaseOutcome>(),
  seconds: Time,
  title: z.string().exactOptional(),
  startMs: Time.exactOptional(),
});

const Layers = z.object({
  layer: z.string(),
  state: z.enum(['cached', 'built']),
  reasons: z.array(z.string()),
  startMs: Time.exactOptional(),
  buildMs: Time.exactOptional(),
  checkpointMs: Time.exactOptional(),
  sizeBytes: Size.exactOptional(),
});

const Tasks = z.object({
  phase: word<TaskPhase>().exactOptional(),
  play: z.string(),
  task: z.string(),
  outcome: word<TaskOutcome>(),
  startMs: Time,
  durationMs: Time,
});

const ManifestSchema: z.ZodType<Manifest> = z.object({
  schema: z.literal(1),
  name: z.string(),
  version: z.string(),
  builder: z.string(),
  builtAt: z.string(),
  base: z.object({
    source: z.string(),
    family: z.string(),
    checksum: z.string(),
    virtualBytes: Size,
  }),
  payload: z.string(),
  inputs: z.string().exactOptional(),
  settings: z.record(z.string(), z.union([z.string(), z.number()])),
  artifacts: z.array(
    z.object({ format: z.string(), file: FileName, bytes: Size, virtualBytes: Size, sha256: z.string() }),
  ),
  phases: z.array(Phases),
  tools: z.record(z.string(), z.string()),
  plan: z
    .array(z.object({ label: z.string(), value: z.string(), why: z.string().exactOptional() }))
    .exactOptional(),
  layers: z.array(Layers).exactOptional(),
  tasks: z.array(Tasks).exactOptional(),
  durationMs: Time.exactOptional(),
  login: z.string().exactOptional(),
  signature: z.object({ tool: z.enum(['gpg', 'minisign']), file: FileName, key: z.string() }).exactOptional(),
  ami: z.array(AmiSchema).exactOptional(),
});

/**
 * Reads the manifest of an output folder, of this version or an older one. Fails with `manifest-missing`, or with
 * `manifest-malformed`, which names file, line, and what was expected there.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readFile(path, 'utf8').catch((thrown: unknown) => {
    const isGone = systemCode(thrown) === 'ENOENT' || systemCode(thrown) === 'ENOTDIR';
    const what = isGone ? `there is no ${path}` : `cannot read ${path}: ${asError(thrown).message}`;
    throw new BuilderError('manifest-missing', what, {
      hint: 'name a finished output: a folder that is called by date and time, or latest',
    });
  });
  return parseManifest(text, path);
}

/** Parses a manifest's text; `path` is for messages. Fails with `manifest-malformed`. */
export function parseManifest(text: string, path: string): Manifest {
  const result = parseCheckedJson(text, ManifestSchema);
  if ('value' in result) return result.value;
  const { line, column, what } = result.mistake;
  throw new BuilderError('manifest-malformed', `${path}:${line}:${column}: ${what}`, {
    hint: 'the file was changed, or is of another program; only a build can write it anew',
  });
}
