import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LineSplitter } from '../../../src/system/line-splitter.ts';
import { run, type RunResult } from '../../../src/system/process.ts';

/** The checkout under test. */
export const PROJECT_FOLDER = join(import.meta.dirname, '../../..');

export const START = join(PROJECT_FOLDER, 'start.sh');
const LONGEST_RUN_MS = 25 * 60_000;

/**
 * The environment of a user: nothing of the tests' own that the program reads. Images are booted where a test is about
 * that alone: it takes minutes by emulation.
 */
export function userEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG, NODE_EXTRA_CA_CERTS } = process.env;
  return { PATH, HOME, LANG, NODE_EXTRA_CA_CERTS, PROVE: 'compare', ...extra };
}

/** Runs `./start.sh …` to its end as a user would; any exit code is an answer. */
export function startSh(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunResult> {
  const acceptExitCodes = Array.from({ length: 256 }, (_, code) => code);
  return run([START, ...args], { env: userEnvironment(env), acceptExitCodes, timeoutMs: LONGEST_RUN_MS });
}

/** A run of the program that the test talks to while it goes on. */
export interface RunningProgram {
  readonly pid: number;
  readonly lines: readonly string[];
  /** Waits for a line; fails when the program ends before. */
  readonly line: (pattern: RegExp) => Promise<string>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Its exit code; as a shell has it when a signal ended it. */
  readonly exitCode: Promise<number>;
}

/** Starts `./start.sh …` and leaves it running. */
export function launch(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningProgram {
  const child = spawn(START, args, { env: userEnvironment(env), stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  for (const stream of [child.stdout, child.stderr]) {
    const splitter = new LineSplitter((text) => {
      lines.push(text);
      wake();
    });
    stream.on('data', (chunk: Buffer) => splitter.push(chunk));
  }
  let ended = false;
  const exitCode = once(child, 'exit').then(([code]) => {
    ended = true;
    wake();
    return typeof code === 'number' ? code : 255;
  });
  const line = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = lines.find((text) => pattern.test(text));
      if (found !== undefined) return found;
      if (ended) throw new Error(`ended without ${String(pattern)}:\n${lines.slice(-20).join('\n')}`);
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { pid: child.pid ?? -1, lines, line, kill: (signal) => void child.kill(signal), exitCode };
}
