import { join, resolve } from 'node:path';
import { renderBuildReport, REPORT_FILE } from '../build/report.ts';
import { asError, BuilderError } from '../errors.ts';
import { readManifest } from '../output/read-manifest.ts';
import { writeFileWhole } from '../system/files.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';

/** `report DIR`: the page about a finished output, made again from its manifest alone. */
export const reportCommand: CommandDefinition = {
  name: 'report',
  summary: "make a finished output's report.html again, from its manifest.json",
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
  const path = join(resolve(cwd, folder), REPORT_FILE);
  const page = renderBuildReport(await readManifest(resolve(cwd, folder)));
  try {
    await writeFileWhole(path, page);
  } catch (thrown) {
    throw new BuilderError('report-unwritable', `cannot write ${path}: ${asError(thrown).message}`, {
      hint: 'the folder of the output must be yours to write',
    });
  }
  print(path);
}
