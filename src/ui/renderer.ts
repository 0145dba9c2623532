import { createJsonRenderer } from './json-renderer.ts';
import type { OutputStream, Renderer } from './output-stream.ts';
import { createPlainRenderer } from './plain-renderer.ts';
import { createTtyRenderer } from './tty-renderer.ts';

/** The values of `--progress`. */
export const PROGRESS_MODES = ['auto', 'tty', 'plain', 'json'] as const;
export type ProgressMode = (typeof PROGRESS_MODES)[number];

export interface RendererOptions {
  /** Results: the summary of a build, and the events of `--progress json`. */
  readonly stdout: OutputStream;
  /** What a person reads while it runs: the plan, progress, notices. */
  readonly stderr: OutputStream;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds since the Unix epoch, the clock of the events. */
  readonly now: () => number;
}

/**
 * What shows a command's events to the user. Subscribe its listener, and call `close` when the command has ended,
 * before an error is printed. `auto` draws on a terminal that can move its cursor, and writes plain lines otherwise.
 * Which stream gets what: docs/decisions/0003-output-streams.md.
 */
export function createRenderer(mode: ProgressMode, options: RendererOptions): Renderer {
  for (const stream of [options.stdout, options.stderr]) stream.on?.('error', ignoreLostReader);
  switch (resolveMode(mode, options)) {
    case 'json':
      return createJsonRenderer(options.stdout);
    case 'plain':
      return createPlainRenderer(options);
    case 'tty':
      return createTtyRenderer(options);
  }
}

function resolveMode(mode: ProgressMode, { stderr, env }: RendererOptions): Exclude<ProgressMode, 'auto'> {
  if (mode !== 'auto') return mode;
  return stderr.isTTY === true && env['TERM'] !== 'dumb' ? 'tty' : 'plain';
}

/** A reader that goes away (`| head`) ends the account of a build, not the build. */
function ignoreLostReader(): void {
  // Nothing can be told where nobody listens.
}
