import { BuilderError } from '../errors.ts';
import type { Finding } from '../preflight/findings.ts';
import { inspect } from '../preflight/preflight.ts';
import { VARIABLES } from '../settings/variables.ts';
import type { CommandDefinition } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `doctor`: everything that a build needs, each line ok, problem or hint; fails when a build could not start. */
export const doctorCommand: CommandDefinition = {
  name: 'doctor',
  summary: 'look whether a build could start, and say what is in its way',
  variables: VARIABLES.map(({ name }) => name),
  run: async (input, context) => {
    const settings = settingsFrom(input, context);
    const { findings } = await inspect(settings, context);
    for (const finding of findings.list) context.print(findingText(finding));
    const count = findings.problems.length;
    if (count === 0) return;
    throw new BuilderError(
      'doctor-problems',
      `a build could not start: ${count} of these ${count === 1 ? 'is a problem' : 'are problems'}`,
    );
  },
};

/** `ok       tools         packer 1.6.6`, with the hint on a line of its own. */
function findingText({ level, subject, text, hint }: Finding): string {
  const line = `${level.padEnd(8)} ${subject.padEnd(13)} ${text}`;
  return hint === undefined ? line : `${line}\n${' '.repeat(23)}${hint}`;
}
