import { runShell } from '../build/run-shell.ts';
import { VARIABLES } from '../settings/variables.ts';
import type { CommandDefinition } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `shell`: a session in a machine as it was at the end of a layer; nothing of it stays. */
export const shellCommand: CommandDefinition = {
  name: 'shell',
  summary: 'log in to a throw-away machine as it was at the end of a layer',
  arguments: [
    {
      name: 'layer',
      description: 'default: the one that a build would go on from, so the one before a failure',
      required: false,
    },
  ],
  variables: VARIABLES.map(({ name }) => name),
  run: (input, context) => runShell(settingsFrom(input, context), input.args[0], context),
};
