import { resolve } from 'node:path';
import { diffLines } from '../diff/diff-text.ts';
import { diffImages, isDifferent } from '../diff/image-diff.ts';
import { BuilderError } from '../errors.ts';
import { runPhase } from '../events.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';

/** `diff BEFORE AFTER`: what is in one image and not in the other. */
export const diffCommand: CommandDefinition = {
  name: 'diff',
  summary: 'say which packages, units, files and sizes differ between two outputs or disk images',
  arguments: [
    {
      name: 'before',
      description: 'an output: IMAGE_PATH/<date>-<time>, latest; or a disk image',
      required: true,
    },
    { name: 'after', description: 'another one', required: true },
  ],
  options: [
    { flags: '--json', description: 'for programs: one JSON object, every file by itself' },
    { flags: '--exit-code', description: 'exit with 1 when packages, units or files differ' },
  ],
  run: diff,
};

async function diff({ args, options }: CommandInput, context: CommandContext): Promise<void> {
  const { cwd, emit, print, signal } = context;
  const [before, after] = args;
  if (before === undefined || after === undefined) {
    throw new BuilderError('settings-invalid', 'two outputs are compared', { hint: 'say diff BEFORE AFTER' });
  }
  const found = await runPhase(emit, 'diff', `compare what is in ${before} and ${after}`, () =>
    diffImages({
      before: resolve(cwd, before),
      after: resolve(cwd, after),
      signal,
      onProgress: (fraction) => emit({ type: 'progress', phase: 'diff', item: 'files', fraction }),
    }),
  );
  if (options['json'] === true) print(JSON.stringify(found, null, 2));
  else for (const line of diffLines(found)) print(line);
  if (options['exitCode'] === true && isDifferent(found)) {
    throw new BuilderError('images-differ', `${before} and ${after} differ`);
  }
}
