import type { RunOptions } from '../system/process.ts';

export interface TransferOptions {
  /** Told of the part that is done, 0 to 1. */
  readonly onFraction?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Reads a line of qemu-img's `-p`, `(12.34/100%)`, as a fraction; other lines are undefined. */
export function parseFraction(line: string): number | undefined {
  const percent = /\((\d{1,3}(?:\.\d+)?)\/100%\)/.exec(line)?.[1];
  return percent === undefined ? undefined : Math.min(Number(percent) / 100, 1);
}

/** How one of qemu-img's commands is run that has `-p`. */
export function withProgress({ onFraction, signal }: TransferOptions): RunOptions {
  return {
    capture: false,
    onLine: (line) => {
      const fraction = parseFraction(line);
      if (fraction !== undefined) onFraction?.(fraction);
    },
    ...(signal === undefined ? {} : { signal }),
  };
}
