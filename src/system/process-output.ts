import type { ChildProcess } from 'node:child_process';
import { LineSplitter } from './line-splitter.ts';
import { redact } from './secrets.ts';

const TAIL_LINES = 40;
const CAPTURE_LIMIT_BYTES = 64 * 1024 * 1024;

/** What is done with what a process says. */
export interface OutputOptions {
  /** Every line of output as it comes; a carriage return ends a line too (progress of qemu-img, curl). */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** Whether to keep the standard output for the result. Default true; long-running tools say false. */
  readonly capture?: boolean;
}

export interface CollectedOutput {
  /** What was captured so far. Throws `RangeError` when that was more than may be kept. */
  readonly stdout: () => string;
  /** Flushes the last unfinished lines and returns the last lines of both streams, free of secrets. */
  readonly finish: () => readonly string[];
}

/** Reads both streams of a process for as long as they are open. */
export function collectOutput(child: ChildProcess, options: OutputOptions): CollectedOutput {
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
    stdout: () => {
      if (options.capture !== false && capturedBytes > CAPTURE_LIMIT_BYTES) {
        throw new RangeError(`${child.spawnfile} wrote more than ${CAPTURE_LIMIT_BYTES} bytes`);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    finish: () => {
      splitters.stdout.end();
      splitters.stderr.end();
      return tail;
    },
  };
}
