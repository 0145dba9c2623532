import { pruneLayers } from '../build/layering/prune-layers.ts';
import { BuilderError } from '../errors.ts';
import { LayerStore, type StoredLayer } from '../layers/store.ts';
import type { Settings } from '../settings/settings.ts';
import { formatBytes } from '../ui/bytes.ts';
import { formatDuration } from '../ui/duration.ts';
import { alignColumns } from '../ui/table.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `layers list | show | prune`: the checkpoints that builds have kept. */
export const layersCommand: CommandDefinition = {
  name: 'layers',
  summary: 'list, show or prune the checkpoints that builds have kept',
  arguments: [
    { name: 'action', description: 'list (default), show or prune', required: false },
    { name: 'layer', description: 'of show: a name, or the beginning of a key', required: false },
  ],
  options: [{ flags: '--all', description: 'of prune: remove all of them' }],
  variables: ['IMAGE_PATH', 'LAYERS_PATH', 'LAYERS_MAX'],
  run: async (input, context) => {
    const settings = settingsFrom(input, context);
    const [action = 'list', name] = input.args;
    if (action === 'list') listLayers(await new LayerStore(settings.layersPath).list(), settings, context);
    else if (action === 'show') await showLayer(name, settings, context);
    else if (action === 'prune') await prune(input, settings, context);
    else {
      throw new BuilderError('settings-invalid', `layers ${action} is not known`, {
        hint: 'say layers list, layers show LAYER or layers prune',
      });
    }
  },
};

function listLayers(layers: readonly StoredLayer[], settings: Settings, { print }: CommandContext): void {
  if (layers.length === 0) {
    print(`no layers in ${settings.layersPath}`);
    return;
  }
  const rows = treeOf(layers).map(({ layer, depth }) => [
    `${'  '.repeat(depth)}${layer.record.name}`,
    layer.record.key.slice(0, 12),
    formatBytes(layer.sizeBytes),
    `${ageText(new Date(layer.record.madeAt))} ago`,
    `${ageText(layer.lastUsed)} ago`,
    layer.damage === undefined ? '' : `damaged: ${layer.damage}`,
  ]);
  for (const line of alignColumns([['layer', 'key', 'size', 'made', 'last used', ''], ...rows], [2]))
    print(line);
  const bytes = layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  print(`${formatBytes(bytes)} in all, of ${formatBytes(settings.layersMaxBytes)} (LAYERS_MAX)`);
}

/** Each layer below the one that it stands on. */
function treeOf(
  layers: readonly StoredLayer[],
  below?: StoredLayer,
  depth = 0,
): { layer: StoredLayer; depth: number }[] {
  const folders = new Set(layers.map(({ folder }) => folder));
  const parentOf = ({ record }: StoredLayer): string | undefined =>
    record.disks
      .map(({ folder }) => folder)
      .findLast((folder, place) => place < record.disks.length - 1 && folders.has(folder));
  return layers
    .filter((layer) => parentOf(layer) === below?.folder)
    .flatMap((layer) => [{ layer, depth }, ...treeOf(layers, layer, depth + 1)]);
}

function ageText(date: Date): string {
  return formatDuration(Date.now() - date.getTime()).replace(/\.\d/, '');
}

async function showLayer(
  name: string | undefined,
  settings: Settings,
  { print }: CommandContext,
): Promise<void> {
  const layers = await new LayerStore(settings.layersPath).list();
  const layer =
    name === undefined
      ? undefined
      : layers.find(({ record }) => record.name === name || record.key.startsWith(name));
  if (layer === undefined) {
    const known = [...new Set(layers.map(({ record }) => record.name))].join(', ') || 'none';
    throw new BuilderError(
      'layer-unknown',
      `there is no layer ${JSON.stringify(name ?? '')} in ${settings.layersPath}`,
      {
        hint: `the layers there are: ${known}`,
      },
    );
  }
  const { record } = layer;
  const facts = [
    ['layer', record.name],
    ['key', record.key],
    ['folder', layer.folder],
    ['size', `${formatBytes(layer.sizeBytes)}, of which memory ${formatBytes(record.memory.sizeBytes)}`],
    ['made', record.madeAt],
    ['last used', layer.lastUsed.toISOString()],
    [
      'took',
      `${formatDuration(record.buildMs)}, and ${formatDuration(record.checkpointMs)} for the checkpoint`,
    ],
    ...(layer.damage === undefined ? [] : [['damaged', layer.damage]]),
  ];
  for (const line of alignColumns(facts)) print(line);
  print('made of');
  const inputs = record.inputs.map(({ name: input, value, isShown }) => [
    `  ${input}`,
    isShown ? value : value.slice(-64),
  ]);
  for (const line of alignColumns(inputs)) print(line);
}

async function prune(
  { options }: CommandInput,
  settings: Settings,
  { print }: CommandContext,
): Promise<void> {
  const limit = options['all'] === true ? { ...settings, layersMaxBytes: 0 } : settings;
  const removed = await pruneLayers(limit);
  if (removed === undefined) {
    throw new BuilderError('layers-busy', `a build uses the layers in ${settings.layersPath}`, {
      hint: 'prune when it has ended: nothing was removed',
    });
  }
  print(removed.length === 0 ? 'nothing to remove' : `removed ${removed.length} of the layers' folders`);
}
