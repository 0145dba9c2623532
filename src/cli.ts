import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Help, Option } from 'commander';
import type { CommandContext, CommandDefinition, CommandInput } from './commands/command.ts';
import { COMMANDS } from './commands/list.ts';
import { asError, BuilderError, Interrupted } from './errors.ts';
import { type BuildFailed, EventBus } from './events.ts';
import {
  collectVariables,
  flagOf,
  VARIABLES,
  type Variable,
  type VariableName,
} from './settings/variables.ts';
import { EVENT_SOCKET_VARIABLE, sendEvents } from './system/event-socket.ts';
import { redact, registerSecret } from './system/secrets.ts';
import { exitCodeOf, stopOnSignals } from './system/shutdown.ts';
import { renderError } from './ui/errors.ts';
import { createRenderer, PROGRESS_MODES } from './ui/renderer.ts';
import { VERSION } from './version.ts';

const DEFAULT_COMMAND = 'build';
const programFolder = findProgramFolder(dirname(fileURLToPath(import.meta.url)));

/** The nearest folder upwards that holds packer-config.json: the checkout, wherever the bundle lies in it. */
function findProgramFolder(folder: string): string {
  if (existsSync(join(folder, 'packer-config.json')) || dirname(folder) === folder) return folder;
  return findProgramFolder(dirname(folder));
}

function buildParser(): Command {
  const program = new Command('netsil-builder')
    .description('turns a base cloud image and Ansible roles into finished VM images')
    .version(`netsil-builder ${VERSION}`, '--version', 'print the version')
    .configureHelp({ helpWidth: 110, visibleOptions: (command) => visibleOptions(command) })
    // Told by `report`, as every other error.
    .configureOutput({ outputError: () => undefined })
    .addOption(
      new Option('--progress <mode>', 'how to show progress').choices([...PROGRESS_MODES]).default('auto'),
    )
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', '\nstart.sh without a command builds. Every variable is also a flag; a flag wins.');
  for (const definition of COMMANDS) addCommand(program, definition);
  return program;
}

/** The program's own help shows the flags of a build too: that is what it does without a command. */
function visibleOptions(command: Command): Option[] {
  const build = command.commands.find((each) => each.name() === DEFAULT_COMMAND);
  const variables = build?.options.filter(({ hidden }) => !hidden) ?? [];
  return [...variables, ...new Help().visibleOptions(command)];
}

function addCommand(program: Command, definition: CommandDefinition): void {
  const command = program
    .command(definition.name, { isDefault: definition.name === DEFAULT_COMMAND })
    .description(definition.summary)
    .exitOverride();
  for (const { name, description, required } of definition.arguments ?? []) {
    command.argument(required ? `<${name}>` : `[${name}]`, description);
  }
  for (const { flags, description } of definition.options ?? []) command.option(flags, description);
  for (const variable of variablesOf(definition)) command.addOption(optionOf(variable));
  command.addOption(
    new Option('--progress <mode>', 'how to show progress').choices([...PROGRESS_MODES]).hideHelp(),
  );
  command.action(async () => {
    await runCommand(program, command, definition);
  });
}

function variablesOf(definition: CommandDefinition): readonly Variable[] {
  const names: readonly string[] = definition.variables ?? [];
  return VARIABLES.filter(({ name }) => names.includes(name));
}

function optionOf(variable: Variable): Option {
  const otherwise = variable.default === '' ? '' : `; default: ${variable.default}`;
  return new Option(
    `${flagOf(variable.name)} <${variable.argument}>`,
    `${variable.meaning} (${variable.name}${otherwise})`,
  );
}

async function runCommand(program: Command, command: Command, definition: CommandDefinition): Promise<void> {
  const options = command.opts<Record<string, string | boolean | undefined>>();
  const input: CommandInput = {
    args: command.args,
    options,
    variables: collectVariables(flagValues(definition, command), process.env),
  };
  const asked: unknown = options['progress'] ?? program.getOptionValue('progress');
  const mode = PROGRESS_MODES.find((known) => known === asked);
  const bus = new EventBus();
  const renderer = createRenderer(mode ?? 'auto', {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    now: Date.now,
  });
  bus.subscribe(renderer.listener);
  const outer = joinOuterRun(bus);
  const context: CommandContext = {
    env: process.env,
    cwd: process.cwd(),
    programFolder,
    signal: stopOnSignals(),
    emit: bus.emit,
    subscribe: (listener) => bus.subscribe(listener),
    print: (text) => process.stdout.write(`${text}\n`),
  };
  try {
    await definition.run(input, context);
  } catch (thrown) {
    bus.emit(failureEvent(firstFailure(thrown)));
    throw thrown;
  } finally {
    renderer.close();
    await outer?.close();
  }
}

/** Inside a build (the conversion in Packer's post-processor), every event goes to the build's own run too. */
function joinOuterRun(bus: EventBus): { close: () => Promise<void> } | undefined {
  const path = process.env[EVENT_SOCKET_VARIABLE];
  if (path === undefined || path === '') return undefined;
  const sender = sendEvents(path);
  bus.subscribe(sender.listener);
  return sender;
}

function failureEvent(thrown: unknown): BuildFailed {
  if (!(thrown instanceof BuilderError)) {
    return { type: 'build-failed', code: 'bug', message: asError(thrown).message };
  }
  const { code, message, hint, tail, logFile } = thrown;
  return {
    type: 'build-failed',
    code,
    message,
    tail,
    ...(hint === undefined ? {} : { hint }),
    ...(logFile === undefined ? {} : { logFile }),
  };
}

function flagValues(definition: CommandDefinition, command: Command): Partial<Record<VariableName, string>> {
  const values: Partial<Record<VariableName, string>> = {};
  for (const name of definition.variables ?? []) {
    const option = command.options.find(({ long }) => long === flagOf(name));
    const value: unknown = option === undefined ? undefined : command.getOptionValue(option.attributeName());
    if (typeof value === 'string') values[name] = value;
  }
  return values;
}

/** When the clean-up after a failure fails too, `await using` throws both: what failed first decides. */
function firstFailure(thrown: unknown): unknown {
  // By name: Node 20 has no such class, the one at hand is made by the compiler.
  const isBoth = thrown instanceof Error && thrown.name === 'SuppressedError' && 'suppressed' in thrown;
  return isBoth ? firstFailure(thrown.suppressed) : thrown;
}

/** Says what went wrong on standard error and returns the exit code. */
function report(thrown: unknown, program: Command): number {
  const error = thrown instanceof CommanderError ? usageError(thrown, program) : asError(thrown);
  // Help or the version was asked for, and was printed.
  if (error === undefined) return 0;
  const text = renderError(error, { isTTY: process.stderr.isTTY, env: process.env });
  process.stderr.write(`${redact(text)}\n`);
  const first = firstFailure(error);
  return first instanceof Interrupted ? exitCodeOf(first.signal) : 1;
}

function usageError({ code, exitCode, message }: CommanderError, program: Command): BuilderError | undefined {
  if (exitCode === 0) return undefined;
  const names = COMMANDS.map(({ name }) => name).join(', ');
  if (code === 'commander.excessArguments') {
    const word = program.commands.flatMap(({ args }) => args).at(-1) ?? '';
    return new BuilderError(
      'settings-invalid',
      `${JSON.stringify(word)} is not a command, and stands where no argument is expected`,
      {
        hint: `the commands are ${names}; --help shows their flags`,
      },
    );
  }
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new BuilderError('settings-invalid', text, { hint: '--help shows every command and flag' });
}

// A reader that goes away (`--help | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
registerSecret(process.env['AWS_SECRET_KEY']);
const program = buildParser();
try {
  await program.parseAsync();
} catch (thrown) {
  process.exitCode = report(thrown, program);
}
