import { describe, expect, it } from 'vitest';
import { type LayerInput, layerKey, type LayerRecord, shownInput, type WantedLayer } from './layer.ts';
import { planLayers } from './plan-layers.ts';

/** The layers of a template with one input each, as `wantedLayers` would give them. */
function wanted(values: Readonly<Record<string, string>>): WantedLayer[] {
  const layers: WantedLayer[] = [];
  for (const [name, value] of Object.entries(values)) {
    const inputs: LayerInput[] = [shownInput(`variable ${name}`, value)];
    layers.push({ name, key: layerKey(layers.at(-1)?.key, inputs), inputs });
  }
  return layers;
}

function records(layers: readonly WantedLayer[]): LayerRecord[] {
  return layers.map(({ name, key, inputs }, place) => {
    const below = layers[place - 1]?.key;
    return {
      schema: 1,
      key,
      ...(below === undefined ? {} : { parentKey: below }),
      name,
      inputs: [...inputs],
      disks: [],
      memory: { sizeBytes: 1, sha256: '' },
      madeAt: '2026-11-25T00:00:00Z',
      buildMs: 1000 * (place + 1),
      checkpointMs: 10,
    };
  });
}

const NONE = new Map<string, string>();
const OLD = { machine: '1', python: '1', docker: '1', clean: '1' };

function states(now: Readonly<Record<string, string>>, kept: readonly LayerRecord[], ignored?: string) {
  const plan = planLayers(wanted(now), { records: kept, damaged: NONE }, ignored);
  return plan.layers.map(({ name, state, reasons }) => [name, state, ...reasons].join(' | '));
}

describe('the plan of the layers', () => {
  it('builds everything the first time', () => {
    expect(states(OLD, [])).toEqual([
      'machine | build | not in the store',
      'python | build | not in the store',
      'docker | build | not in the store',
      'clean | build | not in the store',
    ]);
  });

  it('takes everything when nothing has changed', () => {
    expect(states(OLD, records(wanted(OLD)))).toEqual([
      'machine | cached',
      'python | cached',
      'docker | cached',
      'clean | cached',
    ]);
  });

  it('builds what changed and what comes after, and says why', () => {
    expect(states({ ...OLD, docker: '2' }, records(wanted(OLD)))).toEqual([
      'machine | cached',
      'python | cached',
      'docker | build | variable docker: 1 -> 2',
      'clean | build | comes after docker',
    ]);
  });

  it('does not need every layer below, only the newest', () => {
    const kept = records(wanted(OLD)).filter(({ name }) => name === 'docker');
    expect(states(OLD, kept)).toEqual([
      'machine | cached',
      'python | cached',
      'docker | cached',
      'clean | build | not in the store',
    ]);
  });

  it('goes back to an earlier state, and takes what is still there of it', () => {
    const older = records(wanted({ ...OLD, docker: '0' })).slice(0, 3);
    const kept = [...records(wanted(OLD)), ...older.slice(2)];
    expect(states({ ...OLD, docker: '0' }, kept)).toEqual([
      'machine | cached',
      'python | cached',
      'docker | cached',
      'clean | build | comes after docker',
    ]);
  });

  it('uses nothing when it may not, and gives that as the reason', () => {
    expect(states(OLD, records(wanted(OLD)), '--no-cache')).toEqual([
      'machine | build | --no-cache',
      'python | build | --no-cache',
      'docker | build | --no-cache',
      'clean | build | --no-cache',
    ]);
  });

  it('goes back behind a damaged layer, and says what is wrong with it', () => {
    const layers = wanted(OLD);
    const kept = records(layers).slice(0, 2);
    const damaged = new Map([[layers[2]?.key ?? '', 'memory.zst has 1 bytes instead of 2']]);
    const plan = planLayers(layers, { records: kept, damaged });
    expect(plan.resume?.index).toBe(1);
    expect(plan.layers[2]?.reasons).toEqual([
      'the stored layer is damaged: memory.zst has 1 bytes instead of 2',
    ]);
  });

  it('expects a layer to take as long as the last time', () => {
    const plan = planLayers(wanted({ ...OLD, docker: '2' }), {
      records: records(wanted(OLD)),
      damaged: NONE,
    });
    expect(plan.layers.map(({ expectedMs }) => expectedMs)).toEqual([1000, 2000, 3000, 4000]);
  });
});
