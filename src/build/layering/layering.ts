import { BuilderError } from '../../errors.ts';
import type { Emit, LayerRow } from '../../events.ts';
import { LayerRun } from '../../layers/layer-run.ts';
import { layersObstacle } from '../../layers/obstacles.ts';
import { type LayerPlan, planLayers } from '../../layers/plan-layers.ts';
import type { LayerStore, StoredLayer } from '../../layers/store.ts';
import { useStore } from '../../layers/store-lock.ts';
import { findDamage } from '../../layers/verify.ts';
import { DISK_ID, type LayeredRun } from '../../packer/compile-layers.ts';
import type { BuildPlan } from '../../plan/build-plan.ts';
import type { Scope } from '../../system/scope.ts';
import { type BuildInputs, buildInputs, type InputsRequest } from './build-inputs.ts';
import type { BuildOptions } from '../build-options.ts';
import type { BuildContext } from '../context.ts';

/** The layers of one build: what it wants, what is there, where they are kept. */
export interface Layering {
  readonly store: LayerStore;
  readonly inputs: BuildInputs;
  readonly plan: LayerPlan;
}

/** What a run wants of the layers. */
export interface LayerWish {
  readonly options: BuildOptions;
  /** Given when a machine is only looked at: the layer to resume, or the newest one. */
  readonly shell?: { readonly layer: string | undefined } | undefined;
}

/** Why this build has no layers; undefined when it has. */
export function noLayersReason({ template, types }: BuildPlan, options: BuildOptions): string | undefined {
  if (!options.useLayers) return '--no-layers';
  if (!types.types.includes('qemu')) return 'no qemu builder runs';
  return layersObstacle(template.builders.filter(({ type }) => type === 'qemu'));
}

/**
 * Takes the store for a build and decides where it begins: behind the newest layer that is found to be whole. One that
 * is damaged is told of and set aside. Fails with `layers-unusable`, `layers-busy` or `layer-unknown`.
 */
export async function openLayers(
  scope: Scope,
  store: LayerStore,
  request: InputsRequest,
  { options, shell }: LayerWish,
  context: BuildContext,
): Promise<Layering> {
  await useStore(scope, store);
  const last = shell === undefined ? options.until : shell.layer;
  const inputs = upTo(await buildInputs(request, context), last);
  for (;;) {
    const stored = await store.list();
    const wanted = planStored(inputs, stored, options);
    const plan = shell === undefined ? wanted : resumeAlone(wanted, shell.layer);
    const found = stored.find(({ record }) => record === plan.resume?.record);
    const damage = found && (await findDamage(store, found, context.signal));
    if (found === undefined || damage === undefined) {
      if (found !== undefined) await store.touch(found);
      context.emit({ type: 'layers-planned', layers: layerRows(plan), unknown: inputs.unknown });
      return { store, inputs, plan };
    }
    await setLayerAside(store, found, damage, context.emit);
  }
}

/** The layers as they would be used, without touching the store. */
export function planStored(
  inputs: BuildInputs,
  stored: readonly StoredLayer[],
  { useCache }: Pick<BuildOptions, 'useCache'>,
): LayerPlan {
  const records = stored.filter(({ damage }) => damage === undefined).map(({ record }) => record);
  const damaged = new Map(stored.flatMap(({ record, damage }) => (damage ? [[record.key, damage]] : [])));
  return planLayers(inputs.layers, { records, damaged }, useCache ? undefined : '--no-cache');
}

/** Whether everything that a run is to build is in the store: it ends at a layer, and that one is kept. */
export function isAllKept({ plan }: Layering, { until }: BuildOptions): boolean {
  return until !== undefined && plan.resume?.index === plan.layers.length - 1;
}

/** Sets aside a layer that cannot be resumed, and says so. */
export async function setLayerAside(
  store: LayerStore,
  layer: StoredLayer,
  damage: string,
  emit: Emit,
): Promise<void> {
  await store.setAside(layer, damage);
  const text = `the stored layer ${layer.record.name} is damaged and is built again: ${damage}`;
  emit({ type: 'notice', level: 'warning', text });
}

/** Fails with `layer-unknown` when a build has no layer of this name. */
function requireLayer({ layers }: BuildInputs, name: string | undefined): void {
  if (name === undefined || layers.some((layer) => layer.name === name)) return;
  throw new BuilderError('layer-unknown', `there is no layer ${JSON.stringify(name)}`, {
    hint: `the layers are: ${layers.map((layer) => layer.name).join(', ')}`,
  });
}

/** The inputs of a build that ends at a layer. Fails with `layer-unknown` when it has none of this name. */
function upTo(inputs: BuildInputs, name: string | undefined): BuildInputs {
  requireLayer(inputs, name);
  if (name === undefined) return inputs;
  const count = inputs.layers.findIndex((layer) => layer.name === name) + 1;
  return {
    ...inputs,
    layers: inputs.layers.slice(0, count),
    provisionersAt: inputs.provisionersAt.slice(0, count),
  };
}

/**
 * The plan of a run that only resumes, and builds nothing: the named layer, or the newest, must be kept. Fails with
 * `layer-unknown`.
 */
function resumeAlone({ layers, resume }: LayerPlan, name: string | undefined): LayerPlan {
  if (resume !== undefined && (name === undefined || layers[resume.index]?.name === name)) {
    return { layers: layers.slice(0, resume.index + 1), resume };
  }
  const what = name === undefined ? 'no layer is kept yet' : `the layer ${name} is not kept`;
  throw new BuilderError('layer-unknown', what, {
    hint: `type ./start.sh build${name === undefined ? '' : ` --until ${name}`} first, or see ./start.sh layers`,
  });
}

/** The layers of a plan, for people and programs. */
export function layerRows(plan: LayerPlan): LayerRow[] {
  return plan.layers.map(({ name, state, reasons, expectedMs }) => ({
    layer: name,
    state,
    reasons,
    ...(expectedMs === undefined ? {} : { expectedMs }),
  }));
}

export interface LayerRunRequest {
  readonly layering: Layering;
  readonly base: { readonly path: string; readonly format: string };
  /** The store and Packer's output folder, under paths that QEMU and a shell can take. */
  readonly plainStorePath: string;
  readonly outputDiskPath: string;
  readonly socketPath: string;
  readonly emit: Emit;
}

/** Makes the first disk of a run through the layers, and what the template is compiled with for it. */
export async function beginLayers(request: LayerRunRequest): Promise<{ run: LayerRun; layered: LayeredRun }> {
  const { layering, base, plainStorePath, outputDiskPath, emit } = request;
  const { store, inputs } = layering;
  const run = await LayerRun.begin({
    plan: layering.plan,
    store,
    plainStorePath,
    base: { path: await store.linkBase(base.path, inputs.baseDigest), format: base.format },
    diskSizeBytes: inputs.diskSizeBytes,
    diskId: DISK_ID,
    outputDiskPath,
    emit,
  });
  const resume = layering.plan.resume;
  const layered: LayeredRun = {
    builder: inputs.builder,
    provisioners: inputs.provisioners,
    cached: resume === undefined ? undefined : inputs.provisionersAt[resume.index],
    diskPath: run.firstDiskPath,
    memoryPath: run.memoryPath,
    packerBasePath: run.lastLayerDiskPath,
    socketPath: request.socketPath,
  };
  return { run, layered };
}
