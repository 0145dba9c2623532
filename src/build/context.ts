import type { Emit, Listener } from '../events.ts';

/** What a build needs from outside. */
export interface BuildContext {
  readonly env: NodeJS.ProcessEnv;
  /** Where packer-config.json and ansible/ are. */
  readonly programFolder: string;
  readonly emit: Emit;
  /** Adds a listener to the build's events; the returned function takes it away. */
  readonly subscribe: (listener: Listener) => () => void;
  readonly signal: AbortSignal;
}
