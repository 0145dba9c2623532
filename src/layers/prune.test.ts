import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layersToPrune } from './prune.ts';
import type { StoredLayer } from './store.ts';

function layer(
  folder: string,
  below: readonly string[],
  { sizeBytes = 10, used = 0, damage }: { sizeBytes?: number; used?: number; damage?: string } = {},
): StoredLayer {
  const disks = [...below, folder].map((name) => ({ folder: name, sizeBytes: 1, sha256: '' }));
  return {
    folder,
    record: {
      schema: 1,
      key: folder,
      name: folder,
      inputs: [],
      disks,
      memory: { sizeBytes: 1, sha256: '' },
      madeAt: '2026-11-25T00:00:00Z',
      buildMs: 1,
      checkpointMs: 1,
    },
    lastUsed: new Date(used),
    sizeBytes,
    damage,
  };
}

describe('what is pruned', () => {
  it('is nothing while all of it fits', () => {
    expect(layersToPrune([layer('a', []), layer('b', ['a'])], 20)).toEqual([]);
  });

  it('is what was used longest ago', () => {
    const layers = [layer('a', [], { used: 3 }), layer('b', [], { used: 1 }), layer('c', [], { used: 2 })];
    expect(layersToPrune(layers, 20)).toEqual(['b']);
  });

  it('is never what another layer stands on, however long ago it was used', () => {
    const layers = [layer('a', [], { used: 1 }), layer('b', ['a'], { used: 2 }), layer('c', [], { used: 3 })];
    expect(layersToPrune(layers, 20)).toEqual(['b']);
    expect(layersToPrune(layers, 10)).toEqual(['b', 'a']);
  });

  it('is a damaged layer, even when there is room', () => {
    expect(layersToPrune([layer('a', [], { damage: 'x' }), layer('b', [])], 100)).toEqual(['a']);
  });

  it('is everything for a limit of nothing', () => {
    const layers = [layer('a', []), layer('b', ['a']), layer('c', ['a', 'b'])];
    expect(layersToPrune(layers, 0)).toEqual(['c', 'b', 'a']);
  });

  it('leaves a store that fits, in which every layer still has all that it stands on', () => {
    const trees = fc.array(fc.record({ below: fc.nat(), sizeBytes: fc.nat(50), used: fc.nat(9) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(trees, fc.nat(300), (nodes, limit) => {
        const layers: StoredLayer[] = [];
        for (const [index, { below, sizeBytes, used }] of nodes.entries()) {
          const parent = index === 0 || below % 3 === 0 ? undefined : layers[below % index];
          const chain = parent?.record.disks.map(({ folder }) => folder) ?? [];
          layers.push(layer(`l${index}`, chain, { sizeBytes, used }));
        }
        const pruned = new Set(layersToPrune(layers, limit));
        const left = layers.filter(({ folder }) => !pruned.has(folder));
        const names = new Set(left.map(({ folder }) => folder));
        expect(left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)).toBeLessThanOrEqual(limit);
        for (const { record } of left) {
          expect(record.disks.every(({ folder }) => names.has(folder))).toBe(true);
        }
      }),
    );
  });
});
