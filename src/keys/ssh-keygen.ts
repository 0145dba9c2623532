import { BuilderError } from '../errors.ts';
import { ProcessError, run } from '../system/process.ts';

/** Runs ssh-keygen and returns its standard output. Fails with `tool-missing`, or `ProcessError` when it refuses. */
export async function sshKeygen(args: readonly string[], signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await run(['ssh-keygen', ...args], signal === undefined ? {} : { signal });
    return stdout;
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'not-found') throw thrown;
    throw new BuilderError('tool-missing', thrown.message, {
      hint: 'install it: apt-get install openssh-client',
      cause: thrown,
    });
  }
}
