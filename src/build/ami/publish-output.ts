import { dirname } from 'node:path';
import { BuilderError, Interrupted } from '../../errors.ts';
import type { Ami } from '../../events.ts';
import { publishRequestOf } from '../../plan/published-ami.ts';
import type { Settings } from '../../settings/settings.ts';
import { displayArgv } from '../../system/process.ts';
import type { BuildContext } from '../context.ts';

/**
 * Makes an AMI of a finished output, which stays whatever becomes of that. When it fails, the error's hint has the command
 * that goes on; after Ctrl-C a notice has it.
 */
export async function publishOutput(
  directory: string,
  settings: Settings,
  { emit, signal }: Pick<BuildContext, 'emit' | 'signal'>,
): Promise<readonly Ami[]> {
  const request = publishRequestOf(settings, Date.now());
  // Loaded when it is wanted: the AWS SDK would slow every other command down.
  const { publishTarget } = await import('./publish.ts');
  const options = { name: undefined, settings, emit, signal };
  try {
    const images = await publishTarget(directory, request, options);
    return images.map(({ wasThere, ...ami }) => {
      if (!wasThere) emit({ type: 'ami-made', ...ami });
      return ami;
    });
  } catch (thrown) {
    const command = displayArgv(publishArgs(directory, settings));
    if (thrown instanceof Interrupted) {
      emit({ type: 'notice', level: 'info', text: `this goes on with the AMI of ${directory}: ${command}` });
    }
    throw goOnBy(command, thrown);
  }
}

/** The command that publishes an output of a build with the build's settings, and goes on where the build has failed. */
export function publishArgs(directory: string, { aws: { region, encryption } }: Settings): string[] {
  const { isWanted, kmsKey } = encryption;
  return [
    ...['./start.sh', 'publish', 'ami', directory, '--image-path', dirname(directory), '--region', region],
    ...(kmsKey === undefined ? (isWanted ? ['--encrypt'] : []) : ['--kms-key', kmsKey]),
  ];
}

function goOnBy(command: string, thrown: unknown): unknown {
  if (!(thrown instanceof BuilderError) || thrown instanceof Interrupted) return thrown;
  const { code, message, hint, tail, cause } = thrown;
  const next = `this goes on: ${command}`;
  return new BuilderError(code, message, {
    hint: hint === undefined ? next : `${hint}; then ${next}`,
    tail,
    cause,
  });
}
