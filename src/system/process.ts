import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { asError, BuilderError } from '../errors.ts';
import { groupEnded, groupStarted } from './process-group.ts';
import { collectOutput, type OutputOptions } from './process-output.ts';
import { type StopOptions, type StopReason, superviseStop } from './process-stop.ts';
import { redact } from './secrets.ts';

/** How a process ended that did not end well. */
export type ProcessFailure = 'not-found' | 'not-started' | 'exited' | 'killed' | 'aborted' | 'timed-out';

/** A process that could not be started, ended with another exit code than 0, or was stopped. */
export class ProcessError extends BuilderError {
  override readonly name = 'ProcessError';
  readonly failure: ProcessFailure;
  readonly exitCode: number | undefined;
  /** What killed it, if it was not this program that stopped it. */
  readonly signal: NodeJS.Signals | undefined;

  constructor(
    failure: ProcessFailure,
    message: string,
    exitCode: number | undefined,
    tail: readonly string[],
    { cause, signal }: { readonly cause?: unknown; readonly signal?: NodeJS.Signals } = {},
  ) {
    super(failure === 'not-found' ? 'tool-missing' : 'process-failed', message, { tail, cause });
    this.failure = failure;
    this.exitCode = exitCode;
    this.signal = signal;
  }
}

export interface RunOptions extends OutputOptions, StopOptions {
  readonly cwd?: string;
  /** The child's whole environment; the program's own when left out. Its language is always English, in UTF-8. */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to the child's standard input, which is then closed. When making it fails, so does the run. */
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Open files that the child reads from and writes to by itself, for streams too large to pass through here. */
  readonly stdinFd?: number;
  readonly stdoutFd?: number;
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

/** How long a process that left the group (a daemon) may hold the pipes of one that has ended. */
const PIPE_GRACE_MS = 1000;

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
      throw new ProcessError('killed', `${argv[0]} was killed by ${signal}`, undefined, tail, { signal });
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
  return signal === null ? exitCode : 128 + constants.signals[signal];
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
  const child = startChild(argv, () =>
    spawn(command, args, {
      cwd: options.cwd,
      // What tools say is read. Where LANGUAGE is set, it counts more than LC_ALL.
      env: { ...(options.env ?? process.env), LC_ALL: 'C.UTF-8', LANGUAGE: '' },
      stdio: [
        options.stdinFd ?? (options.input === undefined ? 'ignore' : 'pipe'),
        options.stdoutFd ?? 'pipe',
        'pipe',
      ],
      detached: true,
    }),
  );
  if (child.pid !== undefined) groupStarted(child.pid);
  return child;
}

/** A program that is not there is told of by an event; what the system refuses at once (E2BIG, too many arguments) is thrown. */
function startChild(argv: readonly string[], start: () => ChildProcess): ChildProcess {
  try {
    return start();
  } catch (cause) {
    const message = `${argv[0]} cannot be started: ${asError(cause).message}`;
    throw new ProcessError('not-started', message, undefined, [], { cause });
  }
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
      reject(new ProcessError('not-found', message, undefined, [], { cause }));
    });
    child.once('exit', () => {
      if (child.pid === undefined) return;
      // Grandchildren hold the pipes open: without this, `close` would wait for them.
      groupEnded(child.pid);
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
