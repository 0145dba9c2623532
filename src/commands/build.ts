import { runBuild } from '../build/run-build.ts';
import { VARIABLES } from '../settings/variables.ts';
import type { CommandDefinition } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `build`, the default: from a base image to finished images. */
export const buildCommand: CommandDefinition = {
  name: 'build',
  summary: 'build images (this is what start.sh does without a command)',
  variables: VARIABLES.map(({ name }) => name),
  run: (input, context) => runBuild(settingsFrom(input, context), context),
};
