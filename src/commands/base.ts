import { formatChecksum } from '../base/checksum.ts';
import { type BaseRequest, findBase } from '../base/find-base.ts';
import { listBases } from '../base/list-bases.ts';
import { baseCacheFolder, type PreparedBase, prepareBase } from '../base/prepare-base.ts';
import { BuilderError } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';
import type { CommandContext, CommandDefinition } from './command.ts';
import { settingsFrom } from './settings-from.ts';

const MIB = 1024 ** 2;

type Action = (settings: Settings, context: CommandContext) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { make: makeBase, list: printBases, show: showBase };

/** `base`: makes, lists or shows base images. */
export const baseCommand: CommandDefinition = {
  name: 'base',
  summary: 'make, list or show base images: base make, base list, base show',
  arguments: [{ name: 'action', description: 'make, list or show (default: list)', required: false }],
  variables: ['IMAGE_PATH', 'IMAGE_NAME', 'BASE_IMAGE', 'BASE_CHECKSUM', 'BASE_FAMILY'],
  run: async (input, context) => {
    const [name = 'list'] = input.args;
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
    if (action === undefined) {
      throw new BuilderError('settings-invalid', `base ${name} is not known`, {
        hint: `use one of: ${Object.keys(ACTIONS).join(', ')}`,
      });
    }
    await action(settingsFrom(input, context), context);
  },
};

/** Makes, fetches or decompresses the base that a build would take, so that the build itself finds it ready. */
async function makeBase(settings: Settings, context: CommandContext): Promise<void> {
  const { emit, signal } = context;
  const choice = await findBase(requestOf(settings));
  const base = await prepareBase(choice, { cacheFolder: baseCacheFolder(settings.imagePath), emit, signal });
  context.print(preparedText(base));
}

async function printBases(settings: Settings, context: CommandContext): Promise<void> {
  const { imagePath, imageName } = settings;
  const bases = await listBases(imagePath, baseCacheFolder(imagePath), imageName);
  if (bases.length === 0) context.print(`no base images in ${imagePath}; base make makes one`);
  for (const { kind, name, path, diskBytes } of bases) {
    context.print(`${kind.padEnd(9)} ${`${Math.ceil(diskBytes / MIB)} MiB`.padStart(9)}  ${name}  ${path}`);
  }
}

/** Which base a build would take and why; nothing is made or fetched. */
async function showBase(settings: Settings, context: CommandContext): Promise<void> {
  const choice = await findBase(requestOf(settings));
  const rows = [
    ['base image', choice.name],
    ['why', choice.why],
    ['family', choice.family],
    ['ssh user', choice.sshUser],
    ['checksum', choice.checksum === undefined ? 'none given' : formatChecksum(choice.checksum)],
  ];
  for (const [label = '', value = ''] of rows) context.print(`${label.padEnd(11)} ${value}`);
}

function preparedText(base: PreparedBase): string {
  const size = `${base.format}, ${base.virtualSizeBytes / MIB} MiB`;
  return `${base.path}: ${size}, ${base.reused ? 'already there' : 'ready'}`;
}

function requestOf({ base, imagePath, imageName }: Settings): BaseRequest {
  return { ...base, imagePath, imageName };
}
