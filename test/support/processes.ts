import { readdir, readFile } from 'node:fs/promises';

/** The command lines of all processes that run with this variable in their environment. Zombies do not count. */
export async function processesWith(variable: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = await readFile(`/proc/${name}/environ`, 'utf8');
      if (!environment.split('\0').includes(variable)) continue;
      found.push((await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim());
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

/** Waits until nothing runs any more with this variable; fails with what still does. */
export async function nothingLeftWith(variable: string, timeoutMs = 2000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const left = await processesWith(variable);
    if (left.length === 0) return;
    if (performance.now() > endMs) throw new Error(`still running: ${left.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
