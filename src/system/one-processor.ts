import { readFile } from 'node:fs/promises';

/**
 * The same command, run on a single processor. For programs whose threads take turns and never work at the same time:
 * waking one on another processor costs more than its work, most of all in a virtual machine.
 */
export async function onOneProcessor(argv: readonly string[]): Promise<readonly string[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const processor = lastProcessor(status);
  return processor === undefined ? argv : ['taskset', '-c', processor, ...argv];
}

/**
 * The number of the last processor that a process may use, by its `/proc/PID/status`. The first ones tend to be those
 * that serve interrupts.
 */
export function lastProcessor(status: string): string | undefined {
  return /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1];
}
