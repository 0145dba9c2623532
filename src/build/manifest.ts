import type { PreparedBase } from '../base/prepare-base.ts';
import type { Manifest, PhaseRecord } from '../output/manifest.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { mebibytes } from '../settings/size.ts';
import { VERSION } from '../version.ts';
import { diskSizeBytes } from './packer-variables.ts';

/** The manifest of a build, but for its stamp and artifacts. Nothing of the keys but where they are. */
export function buildManifest(
  plan: BuildPlan,
  base: PreparedBase,
  tools: Readonly<Record<string, string>>,
  phases: readonly PhaseRecord[],
): Omit<Manifest, 'version' | 'artifacts'> {
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
    phases,
    tools,
  };
}
