import { type ChildProcess, spawn } from 'node:child_process';
import { pipeline } from 'node:stream/promises';
import { asError, BuilderError } from '../errors.ts';
import { LineSplitter } from './line-splitter.ts';
import { redact } from './secrets.ts';

/** How a process ended that did not end well. */
export type ProcessFailure = 'not-found' | 'exited' | 'killed' | 'aborted' | 'timed-out';

/** A process that could not be started, ended with another exit code than 0, or was stopped. */
export class ProcessError extends BuilderError {
  override readonly name = 'ProcessError';
  readonly failure: ProcessFailure;
  readonly exitCode: number | undefined;

  constructor(
    failure: ProcessFailure,
    message: string,
    exitCode: number | undefined,
    tail: readonly string[],
    cause?: unknown,
  ) {
    super(failure === 'not-found' ? 'tool-missing' : 'process-failed', message, { tail, cause });
    this.failure = failure;
    this.exitCode = exitCode;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  /** The child's whole environment; the program's own when left out. `LC_ALL` is always set to C.UTF-8. */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the child's standard input, which is then closed. When making it fails, so does the run. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Open files that the child reads from and writes to by itself, for streams too large to pass through here. */
  readonly stdinFd?: number;
  readonly stdoutFd?: number;
  /** When it fires, the process is asked to stop, and killed with its whole group after `killAfterMs`. */
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** The signal that asks the process and its whole group to stop. */
  readonly stopSignal?: NodeJS.Signals;
  readonly killAfterMs?: number;
  /** Every line of output as it comes; a carriage return ends a line too (progress of qemu-img, curl). */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Whether to keep the standard output for the result. Default true; long-running tools say false. */
  readonly capture?: boolean;
  /** Exit codes besides 0 that are an answer, not a failure. */
  readonly acceptExitCodes?: readonly number[];
}

export interface RunResult {
  readonly exitCode: number;
  /** Standard output, when captured; otherwise empty. */
  readonly stdout: string;
  /** The last lines of both streams. */
  readonly tail: readonly string[];
  readonly durationMs: number;
}

const TAIL_LINES = 40;
const CAPTURE_LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_KILL_AFTER_MS = 10_000;
/** How long a process that left the group (a daemon) may hold the pipes of one that has ended. */
const PIPE_GRACE_MS = 1000;

/** The group leaders that run now, so that a second Ctrl-C (and our own exit) can kill them all at once. */
const running = new Set<number>();

/** Kills every process group that this program started, at once and without a word. */
export function killAllProcesses(): void {
  for (const pid of running) signalGroup(pid, 'SIGKILL');
}

/**
 * Runs one program to its end. `argv[0]` is looked up in PATH, no shell is involved; the process leads a group of
 * its own, and whatever it leaves behind in that group is killed when it ends.
 * Fails with `ProcessError` when it cannot start, ends with an exit code that is not accepted, is killed,
 * times out, or is aborted.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const startMs = performance.now();
  const child = spawnGroup(argv, options);
  const input = feedInput(child, options.input);
  const output = collectOutput(child, options);
  const stopper = superviseStop(child, options);
  try {
    const { exitCode, signal } = await ended(child, argv, options.cwd);
    const tail = output.finish();
    if (stopper.reason !== undefined) throw stopFailure(stopper.reason, argv, tail, options);
    // The child knows nothing of it: to it this was the end of its input.
    const inputFailure = await input;
    if (inputFailure !== undefined) throw asError(inputFailure);
    if (signal !== null)
      throw new ProcessError('killed', `${argv[0]} was killed by ${signal}`, undefined, tail);
    if (exitCode !== 0 && !(options.acceptExitCodes ?? []).includes(exitCode)) {
      const message = `${argv[0]} ended with exit code ${exitCode}: ${displayArgv(argv)}`;
      throw new ProcessError('exited', message, exitCode, tail);
    }
    return { exitCode, stdout: output.stdout(), tail, durationMs: performance.now() - startMs };
  } finally {
    stopper.dispose();
  }
}

/**
 * Runs one program that has the terminal for itself, in this program's own group, so that the terminal's keys reach it.
 * Returns its exit code (128 and more when a signal ended it). Fails with `ProcessError` when it cannot be started.
 */
export async function runInteractive(argv: readonly string[]): Promise<number> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, { stdio: 'inherit' });
  const { exitCode, signal } = await ended(child, argv, undefined);
  return signal === null ? exitCode : 128;
}

/** The command line as a person would type it. For display only: never run the result. */
export function displayArgv(argv: readonly string[]): string {
  const quote = (word: string): string =>
    /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
  // Before quoting, which changes a secret that holds a quote; a word made of several is not one secret.
  return argv.map((word) => quote(redact(word))).join(' ');
}

function spawnGroup(argv: readonly string[], options: RunOptions): ChildProcess {
  const [command, ...args] = argv;
  if (command === undefined) throw new TypeError('run: argv is empty');
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...(options.env ?? process.env), LC_ALL: 'C.UTF-8' },
    stdio: [
      options.stdinFd ?? (options.input === undefined ? 'ignore' : 'pipe'),
      options.stdoutFd ?? 'pipe',
      'pipe',
    ],
    detached: true,
  });
  if (child.pid !== undefined) running.add(child.pid);
  return child;
}

/** Gives the child its input, and tells at the end what failed while it was made. */
async function feedInput(child: ChildProcess, input: RunOptions['input']): Promise<unknown> {
  const { stdin } = child;
  if (stdin === null) return undefined;
  // A child that ends without reading its input breaks the pipe; its exit code tells what matters.
  stdin.on('error', () => undefined);
  if (input === undefined || typeof input === 'string' || input instanceof Uint8Array) {
    stdin.end(input);
    return undefined;
  }
  let failure: unknown;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* input;
    } catch (thrown) {
      failure = thrown;
      throw thrown;
    }
  };
  await pipeline(watched(), stdin).catch(() => undefined);
  return failure;
}

interface CollectedOutput {
  readonly stdout: () => string;
  /** Flushes the last unfinished lines and returns the tail. */
  readonly finish: () => readonly string[];
}

function collectOutput(child: ChildProcess, options: RunOptions): CollectedOutput {
  const tail: string[] = [];
  const chunks: Buffer[] = [];
  let capturedBytes = 0;
  const splitterFor = (stream: 'stdout' | 'stderr'): LineSplitter =>
    new LineSplitter((rawLine) => {
      const line = redact(rawLine);
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      options.onLine?.(line, stream);
    });
  const splitters = { stdout: splitterFor('stdout'), stderr: splitterFor('stderr') };
  child.stdout?.on('data', (chunk: Buffer) => {
    splitters.stdout.push(chunk);
    capturedBytes += chunk.length;
    if (options.capture !== false && capturedBytes <= CAPTURE_LIMIT_BYTES) chunks.push(chunk);
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    splitters.stderr.push(chunk);
  });
  return {
    stdout: () => Buffer.concat(chunks).toString('utf8'),
    finish: () => {
      splitters.stdout.end();
      splitters.stderr.end();
      return tail;
    },
  };
}

type StopReason = 'aborted' | 'timed-out';

/** Stops the child when the signal fires or the time is over: first politely, then its whole group for good. */
function superviseStop(
  child: ChildProcess,
  options: RunOptions,
): { readonly reason: StopReason | undefined; readonly dispose: () => void } {
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

function stopFailure(
  reason: StopReason,
  argv: readonly string[],
  tail: readonly string[],
  options: RunOptions,
): Error {
  // Whoever aborted said why (usually `Interrupted`): that reason is the failure, not the process's death.
  if (reason === 'aborted' && options.signal?.reason instanceof BuilderError) return options.signal.reason;
  const what =
    reason === 'aborted' ? 'was stopped' : `did not end within ${(options.timeoutMs ?? 0) / 1000} s`;
  return new ProcessError(reason, `${argv[0]} ${what}`, undefined, tail);
}

function ended(
  child: ChildProcess,
  argv: readonly string[],
  cwd: string | undefined,
): Promise<{ exitCode: number; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    let pipeTimer: NodeJS.Timeout | undefined;
    child.once('error', (cause) => {
      // A folder that is missing gives the same ENOENT as a program that is missing.
      const where = cwd === undefined ? '' : ` in ${cwd}`;
      const message = `${argv[0]} cannot be started${where}: ${cause.message}`;
      reject(new ProcessError('not-found', message, undefined, [], cause));
    });
    child.once('exit', () => {
      if (child.pid === undefined) return;
      // Grandchildren hold the pipes open: without this, `close` would wait for them.
      signalGroup(child.pid, 'SIGKILL');
      running.delete(child.pid);
      pipeTimer = setTimeout(closePipes, PIPE_GRACE_MS, child);
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(pipeTimer);
      resolve({ exitCode: exitCode ?? -1, signal });
    });
  });
}

/** Stops waiting for output, after what has come already was read. */
function closePipes(child: ChildProcess): void {
  setImmediate(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}

/** Signals a whole process group; one that is gone already is fine. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // ESRCH: nothing is left of it.
  }
}
