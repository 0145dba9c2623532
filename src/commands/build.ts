import type { BuildOptions } from '../build/build-options.ts';
import { runBuild } from '../build/run-build.ts';
import { BuilderError } from '../errors.ts';
import { VARIABLES } from '../settings/variables.ts';
import type { CommandDefinition, CommandInput } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `build`, the default: from a base image to finished images. */
export const buildCommand: CommandDefinition = {
  name: 'build',
  summary: 'build images (this is what start.sh does without a command)',
  options: [
    { flags: '--force', description: 'build although nothing has changed since a finished output' },
    { flags: '--no-cache', description: 'build every layer anew' },
    { flags: '--no-layers', description: 'keep and use no layers: run the plain template' },
    { flags: '--until <layer>', description: 'end behind this layer, without an output' },
  ],
  variables: VARIABLES.map(({ name }) => name),
  run: (input, context) => runBuild(settingsFrom(input, context), buildOptions(input), context),
};

/** The flags of a build. Fails with `settings-invalid` when two of them exclude each other. */
export function buildOptions({ options }: CommandInput): BuildOptions {
  const until = typeof options['until'] === 'string' ? options['until'] : undefined;
  // commander's way: `--no-cache` is `cache: false`.
  const useLayers = options['layers'] !== false;
  if (until !== undefined && !useLayers) {
    throw new BuilderError('settings-invalid', `--until ${until} does not go with --no-layers`, {
      hint: 'leave one of them out',
    });
  }
  return { useLayers, useCache: options['cache'] !== false, force: options['force'] === true, until };
}
