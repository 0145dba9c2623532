import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { asError, BuilderError } from '../errors.ts';
import type { Scope } from './scope.ts';

const Holder = z.object({ pid: z.number(), host: z.string(), since: z.string(), runId: z.string() });

/** Who holds (or last held) a lock. */
export type LockHolder = z.infer<typeof Holder>;

/** flock's exit code when another process holds the lock (chosen by `-E`). */
const BUSY_EXIT_CODE = 75;

/**
 * Takes the lock file for as long as the scope lives, and returns who held it last, if anybody did.
 * It is the kernel's own lock (flock(1) of util-linux on the file): it ends with the process however that dies,
 * and it holds between containers that share a volume, where process ids mean nothing.
 * Returns `{ taken: false, holder }` when another process has it. Many may hold it `shared` at a time, and nobody
 * `alone` then; the file names the last one who held it alone.
 */
export async function takeLock(
  scope: Scope,
  path: string,
  runId: string,
  mode: 'alone' | 'shared' = 'alone',
): Promise<
  { taken: true; previous: LockHolder | undefined } | { taken: false; holder: LockHolder | undefined }
> {
  const argv = [
    mode === 'alone' ? '--exclusive' : '--shared',
    '--nonblock',
    '--conflict-exit-code',
    String(BUSY_EXIT_CODE),
    path,
    'sh',
    '-c',
    'echo; exec cat',
  ];
  // Not `run`: this child lives as long as the lock. Its standard input closes when we die, and it ends.
  const child = spawn('flock', argv, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  child.stdin.on('error', () => undefined);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const started = once(child.stdout, 'data').then(() => undefined);
  const exited = once(child, 'close').then(([code]) => code as number | null, failedToStart);
  const exitCode = await Promise.race([started, exited]);
  if (exitCode === BUSY_EXIT_CODE) return { taken: false, holder: await readHolder(path) };
  if (exitCode !== undefined) {
    throw new BuilderError('image-path-unusable', `cannot lock ${path}: ${complaint.trim()}`, {
      hint: 'the folder must be writable and on a file system with locks',
    });
  }
  scope.defer(async () => {
    child.stdin.end();
    await exited;
  });
  const previous = await readHolder(path);
  if (mode === 'shared') return { taken: true, previous };
  const holder: LockHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString(), runId };
  // In place: a rename would leave the lock on a file without a name.
  await writeFile(path, `${JSON.stringify(holder)}\n`);
  return { taken: true, previous };
}

function failedToStart(cause: unknown): never {
  throw new BuilderError('tool-missing', `flock cannot be started: ${asError(cause).message}`, {
    hint: 'install the package util-linux',
    cause,
  });
}

async function readHolder(path: string): Promise<LockHolder | undefined> {
  try {
    return Holder.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
