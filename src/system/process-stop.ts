import type { ChildProcess } from 'node:child_process';
import { signalGroup } from './process-group.ts';

const DEFAULT_KILL_AFTER_MS = 10_000;

/** What ends a process before its own end, and how. */
export interface StopOptions {
  /** When it fires, the process is asked to stop, and killed with its whole group after `killAfterMs`. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** The signal that asks the process and its whole group to stop. */
  readonly stopSignal?: NodeJS.Signals;
  readonly killAfterMs?: number;
}

export type StopReason = 'aborted' | 'timed-out';

export interface Stopper {
  /** Why the process was stopped; undefined when it was not. */
  readonly reason: StopReason | undefined;
  /** To be called when the process has ended. */
  readonly dispose: () => void;
}

/** Stops a group's leader when the signal fires or the time is over: first politely, then its whole group for good. */
export function superviseStop(child: ChildProcess, options: StopOptions): Stopper {
  let reason: StopReason | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const stop = (why: StopReason): void => {
    const { pid } = child;
    if (reason !== undefined || pid === undefined) return;
    reason = why;
    signalGroup(pid, options.stopSignal ?? 'SIGTERM');
    killTimer = setTimeout(() => {
      signalGroup(pid, 'SIGKILL');
    }, options.killAfterMs ?? DEFAULT_KILL_AFTER_MS);
  };
  const onAbort = (): void => {
    stop('aborted');
  };
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const timeout =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          stop('timed-out');
        }, options.timeoutMs);
  return {
    get reason() {
      return reason;
    },
    dispose: () => {
      clearTimeout(timeout);
      clearTimeout(killTimer);
      options.signal?.removeEventListener('abort', onAbort);
    },
  };
}
