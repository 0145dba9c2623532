/** What the user asks of one build, besides its settings. */
export interface BuildOptions {
  /** Whether the machine is checkpointed, and resumed from what earlier builds kept. */
  readonly useLayers: boolean;
  /** Whether layers of earlier builds may be used; new ones are kept all the same. */
  readonly useCache: boolean;
  /** Whether to build although nothing has changed since a finished output. */
  readonly force: boolean;
  /** Name of the layer behind which the build ends, without an output. */
  readonly until: string | undefined;
}
