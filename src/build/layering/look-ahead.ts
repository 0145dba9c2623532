import { join } from 'node:path';
import { baseCacheFolder, knownBase } from '../../base/prepare-base.ts';
import { LayerStore } from '../../layers/store.ts';
import type { WantedOutput } from '../../output/current-output.ts';
import { type BuildPlan, makesImages } from '../../plan/build-plan.ts';
import { FileDigests } from '../../system/file-digests.ts';
import { type BuildInputs, buildInputs } from './build-inputs.ts';
import type { BuildContext } from '../context.ts';
import { noLayersReason } from './layering.ts';
import { userDataOf } from '../machine/prepare-machine.ts';

const WITH_LAYERS = { useLayers: true, useCache: true, force: false, until: undefined } as const;

/**
 * What a build would be made of, before anything is made: undefined while that cannot be known (no base image yet, no
 * key yet) or when the output is not made of layers. Writes only what it remembers for the next time.
 */
export async function lookAhead(
  plan: BuildPlan,
  tools: Readonly<Record<string, string>>,
  context: BuildContext,
): Promise<BuildInputs | undefined> {
  const { settings, keys, types } = plan;
  if (!makesImages(plan) || types.types.includes('amazon-ebs') || keys.action === 'make') return undefined;
  if (noLayersReason(plan, WITH_LAYERS) !== undefined) return undefined;
  const cacheFolder = baseCacheFolder(settings.imagePath);
  const digests = await FileDigests.open(join(cacheFolder, 'digests.json'));
  const base = await knownBase(plan.base, cacheFolder, digests);
  if (base === undefined) return undefined;
  const userData = userDataOf(plan, base, keys.publicKey);
  const salt = await new LayerStore(settings.layersPath).knownSalt();
  return buildInputs({ plan, base, userData, tools, digests, salt }, context);
}

/** What an output must have besides its images, so that a build need not make another one. */
export function wantedOutput({ settings, signer }: BuildPlan): WantedOutput {
  return { signedBy: signer?.signature.key, isProven: settings.prove === 'boot' };
}
