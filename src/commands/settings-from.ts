import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { readSettings, type Settings } from '../settings/settings.ts';
import type { CommandContext, CommandInput } from './command.ts';

/** The settings in force for a command. Throws `BuilderErrors` with every malformed value. */
export function settingsFrom({ variables }: CommandInput, { cwd, env }: CommandContext): Settings {
  return readSettings(variables, { cwd, env, hostCpus: availableParallelism(), fileExists: existsSync });
}
