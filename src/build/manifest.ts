import type { PreparedBase } from '../base/prepare-base.ts';
import type { BuildRecorder } from '../output/build-recorder.ts';
import type { Manifest } from '../output/manifest.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { mebibytes } from '../settings/size.ts';
import { VERSION } from '../version.ts';
import { diskSizeBytes } from './packer-variables.ts';

/** What a build knows at its end. */
export interface BuildFacts {
  readonly plan: BuildPlan;
  readonly base: PreparedBase;
  readonly tools: Readonly<Record<string, string>>;
  readonly record: BuildRecorder;
  /** Key of all that the output was made of; a build without layers has none. */
  readonly inputs: string | undefined;
  readonly login: string;
  readonly durationMs: number;
}

/** The manifest of a build, but for its stamp and artifacts. Nothing of the keys but where they are. */
export function buildManifest(facts: BuildFacts): Omit<Manifest, 'version' | 'artifacts'> {
  const { plan, base, tools, record, inputs, login, durationMs } = facts;
  const { settings, payload, accelerator } = plan;
  return {
    schema: 1,
    name: settings.imageName,
    builder: `netsil-builder ${VERSION}`,
    builtAt: new Date().toISOString(),
    base: {
      source: base.source,
      family: base.family,
      checksum: `${base.checksum.algorithm}:${base.checksum.hex}`,
      virtualBytes: base.virtualSizeBytes,
    },
    payload: payload.name,
    settings: {
      accelerator: accelerator.accelerator,
      cpus: settings.cpus,
      memoryMiB: mebibytes(settings.memoryBytes),
      diskMiB: mebibytes(diskSizeBytes(settings.diskSizeBytes, base.virtualSizeBytes)),
    },
    phases: record.phases,
    tools,
    ...(inputs === undefined ? {} : { inputs }),
    plan: record.plan,
    layers: record.layers,
    tasks: record.tasks,
    durationMs,
    login,
    ...(plan.signer === undefined ? {} : { signature: plan.signer.signature }),
  };
}
