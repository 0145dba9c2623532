import { asError, BuilderError } from '../../errors.ts';
import type { LayerRun } from '../../layers/layer-run.ts';
import { openWhenAnswering } from '../../qemu/open-when-answering.ts';
import { type MachineWatch, watchMachine } from '../../qemu/watch-machine.ts';
import type { Scope } from '../../system/scope.ts';

/** A machine that is watched over, and what stops everything when it must. */
export interface SupervisedMachine {
  readonly watch: MachineWatch;
  readonly signal: AbortSignal;
  /** Ends Packer's run, and with it the machine: with a failure, or without one. */
  readonly end: (failure?: BuilderError) => void;
}

/**
 * Powers the machine off when the build is stopped, and stops the build when the machine's disk found no room;
 * `diskFolder` says where that is.
 */
export function superviseMachine(
  scope: Scope,
  monitorSocket: string,
  diskFolder: () => string,
  outerSignal: AbortSignal,
): SupervisedMachine {
  const ended = new AbortController();
  const watch = watchMachine(monitorSocket, () => {
    const message = `the disk of ${diskFolder()} is full: the build machine could not write`;
    ended.abort(new BuilderError('disk-full', message, { hint: 'make room and build again' }));
  });
  scope.defer(watch.stop);
  const signal = AbortSignal.any([outerSignal, ended.signal]);
  const powerOff = (): void => void watch.quit();
  signal.addEventListener('abort', powerOff, { once: true });
  scope.defer(() => signal.removeEventListener('abort', powerOff));
  return { watch, signal, end: (failure) => ended.abort(failure) };
}

/**
 * Does what a machine needs from outside as soon as it is there, since Packer only waits for SSH: one that was saved is
 * let run, and one that boots gets its port when SSH answers. One that does not come back ends Packer's run.
 */
export function greetMachine(
  scope: Scope,
  { watch, signal, end }: SupervisedMachine,
  run: LayerRun | undefined,
): void {
  const gone = new AbortController();
  const either = AbortSignal.any([signal, gone.signal]);
  const isSaved = run?.isAwake === false;
  const greeted = watch
    .monitor(either)
    .then((monitor) => (isSaved ? run.wake(monitor, either) : openWhenAnswering(monitor, either)))
    .catch((thrown: unknown) => {
      // A machine that boots and is gone is Packer's to tell of.
      if (!isSaved || either.aborted) return;
      end(
        new BuilderError('layer-damaged', `the saved machine did not come back: ${asError(thrown).message}`),
      );
    });
  scope.defer(async () => {
    gone.abort();
    await greeted;
  });
}
