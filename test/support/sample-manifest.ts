import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TimedEvent } from '../../src/events.ts';
import { BuildRecorder } from '../../src/output/build-recorder.ts';
import type { Manifest, Signature } from '../../src/output/manifest.ts';

const FOLDER = join(import.meta.dirname, '../fixtures/report');

/** The events of a real build that resumed a layer, without its progress and the output of tools. */
export function sampleEvents(): readonly TimedEvent[] {
  const lines = readFileSync(join(FOLDER, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as TimedEvent);
}

/** When the build of the sample began: it looked around before it told its plan. */
export const SAMPLE_BEGIN_MS = Date.parse('2026-11-25T20:57:57.300Z');

/** What a recorder keeps of the sample. */
export function sampleRecord(events = sampleEvents()): BuildRecorder {
  const record = new BuildRecorder(SAMPLE_BEGIN_MS);
  for (const event of events) record.listener(event);
  return record;
}

/** The manifest of that build by version 2.0.0 before it had plan, layers, tasks and times. */
export function olderManifestText(): string {
  return readFileSync(join(FOLDER, 'older-manifest.json'), 'utf8');
}

const SIGNATURE: Signature = {
  tool: 'gpg',
  file: 'SHA256SUMS.asc',
  key: 'A373B066389675AEDF74B937572665E4BA94969E',
};

/** The manifest of that build as it is now, and as if it had been signed. */
export function sampleManifest(): Manifest {
  const { artifacts, phases, plan, layers, tasks } = sampleRecord();
  const older = JSON.parse(olderManifestText()) as Manifest;
  const login = 'ssh -i /srv/secrets/netsil-builder_ed25519 core@ADDRESS';
  return {
    ...older,
    artifacts,
    phases,
    plan,
    layers,
    tasks,
    durationMs: 147_585,
    login,
    signature: SIGNATURE,
  };
}
