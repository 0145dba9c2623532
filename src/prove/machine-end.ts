import { asError, BuilderError } from '../errors.ts';
import { NO_PROGRAM } from '../system/ending-with-parent.ts';
import { ProcessError } from '../system/process.ts';

/**
 * What a machine said last that QEMU could run, though it failed then. A machine that QEMU could not run, or that
 * something on this host killed, says nothing of the image: that is thrown, as `process-failed` or `tool-missing`.
 */
export function lastWords(thrown: unknown, hasRun: boolean): string {
  if (!(thrown instanceof ProcessError) || thrown.failure === 'not-found') throw asError(thrown);
  if (thrown.exitCode === NO_PROGRAM) {
    throw new BuilderError('tool-missing', 'qemu-system-x86_64 is not installed', {
      hint: 'run ./start.sh, which installs what is missing, or: apt-get install qemu-system-x86',
    });
  }
  const words = thrown.tail.at(-1) ?? thrown.message;
  if (thrown.signal === 'SIGKILL') throw hostFault('it was killed by SIGKILL', MEMORY_HINT, thrown);
  if (hasRun) return words;
  throw hostFault(words, /memory/i.test(words) ? MEMORY_HINT : HOST_HINT, thrown);
}

const MEMORY_HINT = 'the memory here may be short: set MEMORY lower, or end other programs';
const HOST_HINT = 'this says nothing of the image: the command doctor looks at QEMU and this host';

function hostFault(words: string, hint: string, cause: ProcessError): BuilderError {
  const message = `QEMU could not run a machine of the proof: ${words}`;
  return new BuilderError('process-failed', message, { hint, tail: cause.tail, cause });
}
