import type { StoredLayer } from './store.ts';

/**
 * Which layers go so that the rest fits into a size: those that were set aside, then the ones used longest ago, and
 * never one that a layer which stays stands on. Pure; returns their folders.
 */
export function layersToPrune(layers: readonly StoredLayer[], limitBytes: number): string[] {
  const left = new Set(layers);
  const pruned: string[] = [];
  let sizeBytes = layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
  const drop = (layer: StoredLayer): void => {
    left.delete(layer);
    pruned.push(layer.folder);
    sizeBytes -= layer.sizeBytes;
  };
  for (;;) {
    const free = [...left].filter((layer) => !isNeeded(layer, left));
    const damaged = free.find(({ damage }) => damage !== undefined);
    const oldest = free.sort((a, b) => a.lastUsed.getTime() - b.lastUsed.getTime())[0];
    if (damaged !== undefined) drop(damaged);
    else if (sizeBytes > limitBytes && oldest !== undefined) drop(oldest);
    else return pruned;
  }
}

function isNeeded(layer: StoredLayer, left: ReadonlySet<StoredLayer>): boolean {
  return [...left].some(
    (other) => other !== layer && other.record.disks.some(({ folder }) => folder === layer.folder),
  );
}
