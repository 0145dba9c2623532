import { readdir, readFile } from 'node:fs/promises';

/** Environment variable that marks every process of one run, even one that left its process group (ssh's master). */
export const RUN_LABEL = 'NETSIL_BUILDER_RUN';

/** Kills every process that carries this run's label, and returns how many there were. Only Linux has /proc. */
export async function killLeftovers(runId: string): Promise<number> {
  const mark = `${RUN_LABEL}=${runId}`;
  let killed = 0;
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    if (!(await environmentOf(pid)).includes(mark)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed += 1;
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return killed;
}

async function environmentOf(pid: number): Promise<readonly string[]> {
  // Processes of other users are unreadable, and none of ours.
  return readFile(`/proc/${pid}/environ`, 'utf8').then(
    (text) => text.split('\0'),
    () => [],
  );
}
