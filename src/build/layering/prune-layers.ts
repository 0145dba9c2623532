import { layersToPrune } from '../../layers/prune.ts';
import { LayerStore } from '../../layers/store.ts';
import { withStoreAlone } from '../../layers/store-lock.ts';
import type { Settings } from '../../settings/settings.ts';
import { exists } from '../../system/files.ts';

/**
 * Removes the layers that do not fit into LAYERS_MAX, and what was cut off. Returns their folders, or undefined while
 * another build uses the layers: nothing is removed then.
 */
export async function pruneLayers({
  layersPath,
  layersMaxBytes,
}: Pick<Settings, 'layersPath' | 'layersMaxBytes'>): Promise<readonly string[] | undefined> {
  if (!(await exists(layersPath))) return [];
  const store = new LayerStore(layersPath);
  const removed: string[] = [];
  const isDone = await withStoreAlone(store, async () => {
    removed.push(...(await store.abandoned()), ...layersToPrune(await store.list(), layersMaxBytes));
    await store.remove(removed);
  });
  return isDone ? removed : undefined;
}
