import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { temporaryFolder } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import { AnsibleOutput, type FailedTask } from './ansible-output.ts';
import { awsRefusal } from './aws-refusal.ts';
import { artifactId, buildError, parseMachineLine, type PackerUiLine, uiLines } from './machine-readable.ts';
import { PackerPhases, type PackerSteps } from './phases.ts';

export interface PackerRun {
  readonly templatePath: string;
  readonly variableFile: string;
  /** Names of the builders that run; the first one's output tells the phases. */
  readonly builders: readonly string[];
  /** What the first builder goes through. */
  readonly steps: PackerSteps;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** How long Packer may take to stop and clean up before its whole group is killed; enough for a local machine. */
  readonly stopTimeoutMs?: number;
}

const STOP_TIMEOUT_MS = 20_000;
const ERROR_LINES = 15;

/** The arguments of the build; only the named builders run. */
export function packerArgs(
  packerRun: Pick<PackerRun, 'templatePath' | 'variableFile' | 'builders'>,
): string[] {
  return [
    ...['packer', 'build', '-machine-readable', '-color=false', '-force=false'],
    `-only=${packerRun.builders.join(',')}`,
    `-var-file=${packerRun.variableFile}`,
    packerRun.templatePath,
  ];
}

/**
 * Runs `packer build` and emits phases, Ansible tasks, and every line. Returns the ids of what it made. Fails with
 * `boot-timeout` (SSH never answered), `provision-failed` (names the task), what AWS refused, or `packer-failed`.
 */
export async function runPacker(packerRun: PackerRun): Promise<readonly string[]> {
  const story = new PackerStory(packerRun);
  await using scope = new Scope();
  // Private and short-lived: nobody takes secrets out of it.
  const debugLog = packerRun.env['PACKER_LOG_PATH'] ?? join(await temporaryFolder(scope), 'packer.log');
  try {
    await run(packerArgs(packerRun), {
      cwd: packerRun.cwd,
      env: { ...packerRun.env, PACKER_LOG: '1', PACKER_LOG_PATH: debugLog },
      signal: packerRun.signal,
      // To the whole group, as a terminal would: Packer's first process only watches over the one that does the work.
      stopSignal: 'SIGINT',
      killAfterMs: packerRun.stopTimeoutMs ?? STOP_TIMEOUT_MS,
      capture: false,
      onLine: (line) => story.line(line),
    });
    story.phases.finish('done');
    return story.artifacts;
  } catch (thrown) {
    story.phases.finish('failed');
    if (!(thrown instanceof ProcessError) || thrown.failure === 'not-found') throw thrown;
    throw story.failure(thrown, await qemuErrors(debugLog));
  }
}

/** What QEMU wrote to its standard error: Packer tells of it in its debug log alone. */
async function qemuErrors(debugLog: string): Promise<readonly string[]> {
  const text = await readFile(debugLog, 'utf8').catch(() => '');
  return [...text.matchAll(/ Qemu stderr: (.*\S)/g)].map(([, line = '']) => line);
}

/** What Packer's output tells, line by line; and after a failure, what the failure was. */
class PackerStory {
  readonly phases: PackerPhases;
  readonly #emit: Emit;
  readonly #ansible: AnsibleOutput;
  readonly #builder: string;
  readonly #isInstance: boolean;
  readonly #errors: string[] = [];
  /** What Packer gave for the reason at its end, in whole. */
  #reason = '';
  readonly artifacts: string[] = [];

  constructor({ emit, builders, steps }: PackerRun) {
    this.#emit = emit;
    this.#builder = builders[0] ?? '';
    this.#isInstance = steps.tasks === 'ami-provision';
    this.phases = new PackerPhases(emit, steps);
    this.#ansible = new AnsibleOutput(emit, steps.tasks);
  }

  line(raw: string): void {
    const message = parseMachineLine(raw);
    if (message === undefined) {
      this.#emit({ type: 'tool-output', tool: 'packer', line: raw });
      return;
    }
    const id = artifactId(message);
    if (id !== undefined) this.artifacts.push(id);
    this.#reason = buildError(message) ?? this.#reason;
    for (const line of uiLines(message)) this.#uiLine(line);
  }

  #uiLine({ kind, builder, text }: PackerUiLine): void {
    this.#emit({ type: 'tool-output', tool: builder === '' ? 'packer' : builder, line: text });
    if (kind === 'error') this.#error(text, builder);
    if (builder !== this.#builder) return;
    this.phases.line(text);
    this.#ansible.line(text);
  }

  /** What Packer could not remove must not be lost among its lines: it costs money, or is in the way. */
  #error(text: string, builder: string): void {
    this.#errors.push(text);
    if (builder === '' || !/manually|may still be around/.test(text)) return;
    this.#emit({ type: 'notice', level: 'warning', text: `left by Packer: ${text}` });
  }

  failure(cause: ProcessError, qemuErrors: readonly string[]): BuilderError {
    const task = this.#ansible.failedTask;
    if (task !== undefined) return taskFailure(task);
    const tail = this.#errors.filter((line) => line.trim() !== '').slice(-ERROR_LINES);
    if (tail.some((line) => /Timeout waiting for (SSH|WinRM)/.test(line))) {
      return this.#isInstance
        ? new BuilderError('boot-timeout', 'the instance started, but SSH never answered', INSTANCE_HELP)
        : new BuilderError('boot-timeout', 'the machine started, but SSH never answered', { tail });
    }
    if (tail.some((line) => line.includes('Qemu failed to start'))) {
      const said = qemuErrors.slice(-ERROR_LINES);
      return new BuilderError('packer-failed', 'QEMU could not start the machine', {
        tail: said.length > 0 ? said : tail,
      });
    }
    const refusal = awsRefusal(this.#reason);
    if (refusal !== undefined) return refusal;
    const message =
      cause.failure === 'exited' ? `packer ended with exit code ${cause.exitCode ?? 'none'}` : cause.message;
    return new BuilderError('packer-failed', message, { tail: tail.length > 0 ? tail : cause.tail });
  }
}

const INSTANCE_HELP = {
  hint: 'its subnet must give it a public address that this computer reaches by port 22, and AWS_SSH_USERNAME must be its user',
};

function taskFailure(task: FailedTask): BuilderError {
  return new BuilderError(
    'provision-failed',
    `the Ansible task "${task.task}" failed (play "${task.play}")`,
    {
      tail: task.lines,
      hint: 'mend the role or its variables, then build again',
    },
  );
}
