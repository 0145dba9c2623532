import { Interrupted } from '../errors.ts';
import { killAllProcesses } from './process-group.ts';

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
type StopSignal = keyof typeof EXIT_CODES;

/** The exit code that says which signal ended the program (128 + its number). */
export function exitCodeOf(signal: NodeJS.Signals): number {
  return signal in EXIT_CODES ? EXIT_CODES[signal as StopSignal] : 1;
}

/**
 * A signal that fires on the first Ctrl-C, SIGTERM or SIGHUP, so that everything can stop in order. The second one
 * kills every child and leaves at once. Call it once, at the start of the program.
 */
export function stopOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of Object.keys(EXIT_CODES) as StopSignal[]) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        killAllProcesses();
        process.exit(EXIT_CODES[name]);
      }
      controller.abort(new Interrupted(name));
    });
  }
  process.on('exit', killAllProcesses);
  return controller.signal;
}
