import { inputChanges, type LayerRecord, type WantedLayer } from './layer.ts';

/** A layer of this build: taken from the store, or built, and why. */
export interface PlannedLayer extends WantedLayer {
  readonly state: 'cached' | 'build';
  /** Why it is built; empty for one that is cached. */
  readonly reasons: readonly string[];
  /** How long it took the last time, where there was one. */
  readonly expectedMs: number | undefined;
}

export interface LayerPlan {
  readonly layers: readonly PlannedLayer[];
  /** The layer that the machine resumes from: its place in `layers`, and what the store knows of it. */
  readonly resume: { readonly index: number; readonly record: LayerRecord } | undefined;
}

/** What the store has to say: its whole layers, the one used last first, and what is wrong with others, by key. */
export interface KnownLayers {
  readonly records: readonly LayerRecord[];
  readonly damaged: ReadonlyMap<string, string>;
}

/**
 * Decides where a build begins: behind the last of the wanted layers that the store has. Pure. `ignored` says why no
 * layer may be used at all (`--no-cache`).
 */
export function planLayers(wanted: readonly WantedLayer[], known: KnownLayers, ignored?: string): LayerPlan {
  const byKey = new Map([...known.records].reverse().map((record) => [record.key, record]));
  const index = ignored === undefined ? wanted.findLastIndex(({ key }) => byKey.has(key)) : -1;
  const record = byKey.get(wanted[index]?.key ?? '');
  const layers = wanted.map((layer, place): PlannedLayer => {
    const last = known.records.find(({ name }) => name === layer.name);
    const isCached = place <= index;
    return {
      ...layer,
      state: isCached ? 'cached' : 'build',
      reasons: isCached ? [] : reasonsFor(layer, wanted[place - 1], known, ignored),
      expectedMs: last?.buildMs,
    };
  });
  return { layers, resume: record === undefined ? undefined : { index, record } };
}

function reasonsFor(
  layer: WantedLayer,
  before: WantedLayer | undefined,
  known: KnownLayers,
  ignored: string | undefined,
): string[] {
  if (ignored !== undefined) return [ignored];
  const damage = known.damaged.get(layer.key);
  if (damage !== undefined) return [`the stored layer is damaged: ${damage}`];
  const last = known.records.find(({ name }) => name === layer.name);
  if (last === undefined) return ['not in the store'];
  const changes = inputChanges(last.inputs, layer.inputs);
  // The same inputs on the same layer would be the same layer.
  return changes.length > 0 ? changes : [`comes after ${before?.name ?? 'another base'}`];
}
