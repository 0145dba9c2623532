import type { Emit, Listener } from '../events.ts';
import type { VariableName } from '../settings/variables.ts';

/** What every command gets besides its own arguments. */
export interface CommandContext {
  readonly env: NodeJS.ProcessEnv;
  /** Where the user stands: relative paths of flags and variables start here. */
  readonly cwd: string;
  /** The folder of packer-config.json and ansible/. */
  readonly programFolder: string;
  /** Fires when the user asks to stop. */
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Adds a listener to the events of this command; the returned function takes it away again. */
  readonly subscribe: (listener: Listener) => () => void;
  /** Writes a command's result to standard output, a line or several. Not for progress: that is `emit`. */
  readonly print: (text: string) => void;
}

/** A positional argument; `[name]` in usage when it is not required. */
export interface ArgumentDefinition {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
}

/** A flag of one command alone, in commander's notation: `--force`, `--formats <list>`. */
export interface OptionDefinition {
  readonly flags: string;
  readonly description: string;
}

/** What the user typed, already sorted: the flags of variables won over the environment. */
export interface CommandInput {
  readonly args: readonly string[];
  /** By camelCase name: `--output-dir DIR` is `options.outputDir`. */
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  /** The variables this command takes, from flags and environment; empty values count as not given. */
  readonly variables: Readonly<Partial<Record<VariableName, string>>>;
}

/** A command is data and one function. It throws `BuilderError`; the exit code is the caller's business. */
export interface CommandDefinition {
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentDefinition[];
  readonly options?: readonly OptionDefinition[];
  /** The variables of `settings/variables.ts` that it takes as flags and from the environment. */
  readonly variables?: readonly VariableName[];
  readonly run: (input: CommandInput, context: CommandContext) => Promise<void>;
}
