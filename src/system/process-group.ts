/** The group leaders that run now, so that a second Ctrl-C (and our own exit) can kill them all at once. */
const running = new Set<number>();

/** Says that a process leads a group of its own from now on. */
export function groupStarted(pid: number): void {
  running.add(pid);
}

/** Kills what the leader, which has ended, has left behind in its group. */
export function groupEnded(pid: number): void {
  signalGroup(pid, 'SIGKILL');
  running.delete(pid);
}

/** Kills every process group that this program started, at once and without a word. */
export function killAllProcesses(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

/** Signals a whole process group; one that is gone already is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left of it.
  }
}
