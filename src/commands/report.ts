import { resolve } from 'node:path';
import { writeReport } from '../build/documents/report.ts';
import { BuilderError } from '../errors.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';

/** `report DIR`: the page about a finished output, made again from what stands in its folder. */
export const reportCommand: CommandDefinition = {
  name: 'report',
  summary: "make a finished output's report.html again, from its manifest and its proof",
  arguments: [
    { name: 'dir', description: 'the output: IMAGE_PATH/<date>-<time>, or latest', required: true },
  ],
  run: report,
};

async function report({ args }: CommandInput, { cwd, print }: CommandContext): Promise<void> {
  const [folder] = args;
  if (folder === undefined) {
    throw new BuilderError('settings-invalid', 'no output is given', { hint: 'say report DIR' });
  }
  print(await writeReport(resolve(cwd, folder)));
}
