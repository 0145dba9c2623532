import { expect, it } from 'vitest';
import type { PlannedLayer } from '../../layers/plan-layers.ts';
import type { StoredLayer } from '../../layers/store.ts';
import { layersOf } from './provenance.ts';

const layer = (name: string, state: 'cached' | 'build'): PlannedLayer => ({
  ...{ name, state, key: `key of ${name}`, inputs: [], reasons: [], expectedMs: undefined },
});

const stored = (name: string, madeAt: string): StoredLayer => ({
  ...{ folder: name, lastUsed: new Date(0), sizeBytes: 0, damage: undefined },
  record: {
    ...{ schema: 1, key: `key of ${name}`, name, inputs: [], disks: [], madeAt, buildMs: 1, checkpointMs: 1 },
    memory: { sizeBytes: 1, sha256: '' },
  },
});

it('tells of each layer whether it was cached, and when it was made, if it was kept', async () => {
  const store = { list: () => Promise.resolve([stored('machine', 'then'), stored('web', 'now')]) };
  const layers = [layer('machine', 'cached'), layer('web', 'build'), layer('last', 'build')];
  expect(await layersOf(store, { layers, resume: undefined })).toEqual([
    { name: 'machine', key: 'key of machine', state: 'cached', builtOn: 'then' },
    { name: 'web', key: 'key of web', state: 'built', builtOn: 'now' },
    { name: 'last', key: 'key of last', state: 'built' },
  ]);
});
