import type { BuilderProvisioner } from '../packer/provisioners.ts';
import { MACHINE_LAYER } from '../packer/provisioners.ts';
import { type LayerInput, layerKey, type WantedLayer } from './layer.ts';
import type { ProvisionerInputs } from './provisioner-inputs.ts';

/** The layers of a build, the machine first, and what comes after the last of them. */
export interface WantedLayers {
  readonly layers: readonly WantedLayer[];
  /** For each layer, how many of the builder's provisioners have run at its end. */
  readonly provisionersAt: readonly number[];
  /** Inputs of provisioners behind the last layer. */
  readonly rest: readonly LayerInput[];
}

/**
 * Puts the provisioners of a builder into layers: each ends one, but for those that ask not to, which belong to the next.
 * Pure; `inputs` are those of the provisioners, in the same order.
 */
export function wantedLayers(
  machine: readonly LayerInput[],
  provisioners: readonly BuilderProvisioner[],
  inputs: readonly ProvisionerInputs[],
): WantedLayers {
  const layers = [{ name: MACHINE_LAYER, key: layerKey(undefined, machine), inputs: machine }];
  const provisionersAt = [0];
  let pending: LayerInput[] = [];
  for (const [place, { name, isLayer }] of provisioners.entries()) {
    const own = inputs[place]?.inputs ?? [];
    if (!isLayer) {
      pending = [...pending, ...own.map((input) => ({ ...input, name: `${name}: ${input.name}` }))];
      continue;
    }
    const all = [...pending, ...own];
    layers.push({ name, key: layerKey(layers.at(-1)?.key, all), inputs: all });
    provisionersAt.push(place + 1);
    pending = [];
  }
  return { layers, provisionersAt, rest: pending };
}
