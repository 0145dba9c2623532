import { dirname, resolve } from 'node:path';
import { findProofTargets, type ProofTarget } from '../build/proof/proof-target.ts';
import { writeReport } from '../build/documents/report.ts';
import { runProof } from '../build/proof/run-proof.ts';
import { asError, BuilderError, BuilderErrors, Interrupted } from '../errors.ts';
import type { Settings } from '../settings/settings.ts';
import type { CommandContext, CommandDefinition, CommandInput } from './command.ts';
import { settingsFrom } from './settings-from.ts';

/** `prove DIR…|FILE…`: compares finished images, boots each on hardware like its target's, and looks at it. */
export const proveCommand: CommandDefinition = {
  name: 'prove',
  summary: "compare finished images, boot each on hardware like its target's, and look whether it is right",
  arguments: [
    {
      name: 'path...',
      description: 'finished outputs (IMAGE_PATH/<date>-<time>), or files that hold one disk',
      required: true,
    },
  ],
  options: [
    {
      flags: '--output-dir <folder>',
      description:
        'where pictures and consoles go (default: proof/ in the output, NAME.proof/ beside a file)',
    },
  ],
  variables: [
    ...(['PROVE', 'PROVE_CHECKS', 'SSH_PRIVATE_KEY', 'SSH_PUBLIC_KEY', 'IMAGE_PATH', 'BASE_FAMILY'] as const),
    ...(['PAYLOAD', 'ACCELERATOR', 'MEMORY', 'SSH_TIMEOUT'] as const),
  ],
  run: prove,
};

async function prove(input: CommandInput, context: CommandContext): Promise<void> {
  const settings = settingsFrom(input, context);
  const { outputDir } = input.options;
  const paths = input.args.map((path) => resolve(context.cwd, path));
  const evidence = typeof outputDir === 'string' ? resolve(context.cwd, outputDir) : undefined;
  const targets = await findProofTargets(settings, paths, evidence);
  const failures: BuilderError[] = [];
  for (const target of targets) {
    try {
      await proveTarget(settings, target, context);
    } catch (thrown) {
      // Of several outputs each is proven, whatever became of those before.
      const isOver =
        targets.length === 1 || !(thrown instanceof BuilderError) || thrown instanceof Interrupted;
      if (isOver) throw thrown;
      failures.push(...(thrown instanceof BuilderErrors ? thrown.problems : [thrown]));
    }
  }
  if (failures.length > 0) throw new BuilderErrors(failures);
}

async function proveTarget(settings: Settings, target: ProofTarget, context: CommandContext): Promise<void> {
  const { name, evidenceFolder, output } = target;
  context.emit({ type: 'notice', level: 'info', text: `pictures and consoles go to ${evidenceFolder}` });
  try {
    await runProof(settings, target, context);
  } finally {
    // The page shows what was found, whatever that was, where it is in the output.
    const isInOutput = output !== undefined && dirname(evidenceFolder) === output;
    if (isInOutput) await writeReport(output).catch(tellOf(context));
  }
  context.print(`proven: ${name}`);
}

function tellOf({ emit }: CommandContext): (thrown: unknown) => void {
  return (thrown) => {
    emit({ type: 'notice', level: 'warning', text: asError(thrown).message });
  };
}
