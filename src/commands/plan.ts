import { buildOptions } from './build.ts';
import { planBuild } from '../build/plan-build.ts';
import { VARIABLES } from '../settings/variables.ts';
import type { CommandDefinition } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `plan`: what a build would do, which layers it would take from the store, and why the others are built. */
export const planCommand: CommandDefinition = {
  name: 'plan',
  summary: 'say what a build would do, layer by layer, and why; runs nothing',
  options: [
    { flags: '--json', description: 'for programs: one JSON object' },
    { flags: '--no-cache', description: 'as if every layer were built anew' },
    { flags: '--no-layers', description: 'as if no layers were kept or used' },
  ],
  variables: VARIABLES.map(({ name }) => name),
  run: async (input, context) => {
    const planned = await planBuild(settingsFrom(input, context), buildOptions(input), context);
    if (input.options['json'] === true) context.print(JSON.stringify(planned, null, 2));
    else {
      context.emit({ type: 'plan-made', rows: planned.plan });
      context.emit({ type: 'layers-planned', layers: planned.layers, unknown: planned.unknown });
      if (planned.current !== undefined) context.emit({ type: 'output-current', directory: planned.current });
      if (planned.note !== undefined) context.emit({ type: 'notice', level: 'info', text: planned.note });
    }
  },
};
