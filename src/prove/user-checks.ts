import { constants } from 'node:fs';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { asError, BuilderError } from '../errors.ts';
import type { ProofCheck } from '../events.ts';
import { commandArgs, type GuestLogin, NO_CONNECTION, UNATTENDED_OPTIONS } from '../qemu/guest-ssh.ts';
import { ProcessError, run } from '../system/process.ts';
import { guestScript } from './guest-facts.ts';

/** A check of the user's own: a program that runs in the machine, or a playbook that runs against it. */
export interface UserCheck {
  readonly kind: 'script' | 'playbook';
  /** Absolute. */
  readonly path: string;
}

/** Tells a check which format its machine was made of. */
const FORMAT_VARIABLE = 'PROVE_FORMAT';
const CHECK_TIMEOUT_MS = 10 * 60_000;
const CONNECT_TIMEOUT_SECONDS = 30;

/**
 * The checks that PROVE_CHECKS names: a playbook, or a folder whose executable files run in the order of their names.
 * Fails with `settings-invalid` when there are none.
 */
export async function findUserChecks(path: string): Promise<readonly UserCheck[]> {
  const stats = await stat(path).catch((thrown: unknown) => {
    throw unusable(`PROVE_CHECKS names ${path}, which cannot be read: ${asError(thrown).message}`);
  });
  if (!stats.isDirectory()) {
    if (/\.ya?ml$/i.test(path)) return [{ kind: 'playbook', path }];
    throw unusable(`PROVE_CHECKS names ${path}, which is neither a folder nor a playbook`);
  }
  const checks: UserCheck[] = [];
  for (const name of (await readdir(path)).sort()) {
    if (await isExecutable(join(path, name))) checks.push({ kind: 'script', path: join(path, name) });
  }
  if (checks.length === 0) throw unusable(`PROVE_CHECKS names ${path}, which has no executable file in it`);
  return checks;
}

async function isExecutable(path: string): Promise<boolean> {
  // A link that leads nowhere, as editors make, is no check.
  const isFile = await stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
  return (
    isFile &&
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
  );
}

function unusable(message: string): BuilderError {
  return new BuilderError('settings-invalid', message, {
    hint: 'give a folder of executable scripts, or an Ansible playbook (*.yml)',
  });
}

/** Runs a check; what it says last is the detail. */
export async function runUserCheck(
  { kind, path }: UserCheck,
  login: GuestLogin,
  format: string,
  signal: AbortSignal,
): Promise<ProofCheck> {
  const check = basename(path);
  const options = { signal, timeoutMs: CHECK_TIMEOUT_MS, capture: false };
  try {
    const { tail } =
      kind === 'script'
        ? await run(await scriptArgs(login, format), { ...options, input: await readFile(path) })
        : await run(playbookArgs(path, login, format), { ...options, env: playbookEnvironment() });
    return { check, outcome: 'ok', ...(kind === 'script' ? detailOf(tail) : {}) };
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || signal.aborted || thrown.failure === 'not-found') throw thrown;
    return { check, outcome: 'failed', ...detailOf([failureWords(thrown)]) };
  }
}

async function scriptArgs(login: GuestLogin, format: string): Promise<string[]> {
  const command = `export ${FORMAT_VARIABLE}=${format}\n${await guestScript('run-check')}`;
  return commandArgs(login, CONNECT_TIMEOUT_SECONDS, command);
}

function playbookArgs(path: string, { port, keyPath, user }: GuestLogin, format: string): string[] {
  const variables = {
    ansible_host: '127.0.0.1',
    ansible_port: port,
    ansible_user: user,
    ansible_ssh_private_key_file: keyPath,
    ansible_python_interpreter: 'auto_silent',
    ansible_ssh_common_args: ['-F none', ...UNATTENDED_OPTIONS.map((option) => `-o ${option}`)].join(' '),
    [FORMAT_VARIABLE.toLowerCase()]: format,
  };
  return ['ansible-playbook', '-i', 'proof,', '-e', JSON.stringify(variables), path];
}

function playbookEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, ANSIBLE_NOCOLOR: '1', ANSIBLE_FORCE_COLOR: '0', ANSIBLE_HOST_KEY_CHECKING: '0' };
}

function detailOf(tail: readonly string[]): { readonly detail?: string } {
  const detail = tail
    .filter((line) => line.trim() !== '')
    .at(-1)
    ?.trim();
  return detail === undefined ? {} : { detail };
}

function failureWords({ message, tail, failure, exitCode }: ProcessError): string {
  if (failure !== 'exited') return message;
  if (exitCode === NO_CONNECTION) return `ssh does not get through: ${tail.at(-1) ?? ''}`;
  const fatal = tail.find((line) => /^(?:fatal|ERROR)/.test(line.trim()));
  return fatal ?? detailOf(tail).detail ?? `it ended with exit code ${exitCode ?? -1}`;
}
