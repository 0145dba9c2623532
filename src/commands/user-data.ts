import { extname, resolve } from 'node:path';
import { findBase } from '../base/find-base.ts';
import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { type PreparedKeys, prepareKeys } from '../keys/keys.ts';
import type { Settings } from '../settings/settings.ts';
import { displayArgv } from '../system/process.ts';
import { qemuArguments } from '../userdata/qemu-arguments.ts';
import {
  DRIVE_KINDS,
  type DriveKind,
  planUserData,
  takesDrive,
  USER_DATA_FAMILIES,
  type UserData,
  type UserDataFamily,
} from '../userdata/user-data.ts';
import { writeUserData } from '../userdata/write-user-data.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** Shows what a build would inject into its machine, or writes the file that hands it over. */
export const userDataCommand: CommandDefinition = {
  name: 'user-data',
  summary: 'print what is injected into the machine at its first boot',
  options: [
    { flags: '--family <family>', description: `one of: ${USER_DATA_FAMILIES.join(', ')}` },
    { flags: '--drive <kind>', description: `${DRIVE_KINDS.join(' or ')} (default: config-drive)` },
    { flags: '--output <file>', description: 'write the drive (.iso) or the Ignition config (.ign) instead' },
  ],
  variables: ['IMAGE_PATH', 'IMAGE_NAME', 'SSH_PRIVATE_KEY', 'SSH_PUBLIC_KEY', 'BASE_IMAGE', 'BASE_FAMILY'],
  run: showUserData,
};

async function showUserData(input: CommandInput, context: CommandContext): Promise<void> {
  const settings = settingsFrom(input, context);
  const family =
    choiceOf('--family', input.options['family'], USER_DATA_FAMILIES) ?? (await familyOf(settings));
  const driveKind = driveKindOf(input.options['drive'], family);
  const keys = await prepareKeys(settings.keys, context.signal);
  tellOfKeys(keys, context.emit);
  const data = planUserData({ family, publicKey: keys.publicKey, hostname: settings.imageName, driveKind });
  const { output } = input.options;
  const target = typeof output === 'string' ? resolve(context.cwd, output) : undefined;
  if (target !== undefined) refuseMisnamed(target, data, family);
  if (target === undefined) {
    context.print(data.text.trimEnd());
    return;
  }
  await writeUserData(data, target, context.signal);
  context.print(`${target}: ${describe(data)} for ${family}`);
  context.print(`give it to QEMU with: ${displayArgv(qemuArguments(data, target))}`);
}

/** The family of the base that a build would take. */
async function familyOf({ base, imagePath, imageName }: Settings): Promise<UserDataFamily> {
  const choice = await findBase({ ...base, imagePath, imageName });
  return choice.kind === 'embedded' ? 'embedded' : choice.family;
}

function driveKindOf(value: string | boolean | undefined, family: UserDataFamily): DriveKind {
  const asked = choiceOf('--drive', value, DRIVE_KINDS);
  if (asked !== undefined && !takesDrive(family, asked)) {
    throw new BuilderError(
      'settings-invalid',
      `--drive ${asked} does not go with ${family}, which cannot read it`,
      {
        hint: 'leave --drive out',
      },
    );
  }
  return asked ?? 'config-drive';
}

function choiceOf<Choice extends string>(
  flag: string,
  value: string | boolean | undefined,
  choices: readonly Choice[],
): Choice | undefined {
  if (value === undefined) return undefined;
  const choice = choices.find((known) => known === value);
  if (choice !== undefined) return choice;
  throw new BuilderError('settings-invalid', `${flag} is ${JSON.stringify(value)}, which is not known`, {
    hint: `set ${flag} to one of: ${choices.join(', ')}`,
  });
}

/** A drive that is named like a config, or the reverse, would be handed to QEMU in the wrong way. */
function refuseMisnamed(target: string, data: UserData, family: UserDataFamily): void {
  const wrong = data.kind === 'ignition' ? '.iso' : '.ign';
  if (extname(target) !== wrong) return;
  throw new BuilderError(
    'settings-invalid',
    `--output ${target} ends in ${wrong}, but ${family} gets ${describe(data)}`,
    {
      hint: `give the file another ending, such as ${data.kind === 'ignition' ? '.ign' : '.iso'}`,
    },
  );
}

function describe(data: UserData): string {
  if (data.kind === 'ignition') return 'an Ignition config';
  return data.driveKind === 'nocloud' ? 'a NoCloud drive' : 'a config drive';
}

function tellOfKeys(keys: PreparedKeys, emit: Emit): void {
  if (!keys.made) return;
  emit({ type: 'notice', level: 'info', text: `made an SSH key for the images: ${keys.privateKeyPath}` });
}
