import type { Listener } from '../events.ts';

/** What renderers need of `process.stdout` and `process.stderr`. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  on?(event: 'error', listener: () => void): unknown;
}

/** What turns events into text on a terminal, in plain lines, or as JSON. */
export interface Renderer {
  readonly listener: Listener;
  /** Writes what is still to write and gives the terminal back as it was. Call it once, whatever happened. */
  readonly close: () => void;
}
