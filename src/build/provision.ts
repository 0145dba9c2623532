import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { BuildFailed } from '../events.ts';
import { runPacker } from '../packer/run-packer.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { watchMachine } from '../qemu/watch-machine.ts';
import { EVENT_SOCKET_VARIABLE, serveEvents } from '../system/event-socket.ts';
import { RUN_LABEL } from '../system/leftovers.ts';
import { Scope } from '../system/scope.ts';
import type { PreparedRun } from './prepare-machine.ts';
import type { BuildContext } from './context.ts';
import type { Workspace } from './workspace.ts';

/**
 * Runs Packer with everything around it: the events of the conversion inside come in by a socket, a machine that finds
 * its disk full ends the build, and a stop powers the machine off.
 */
export async function provision(
  plan: BuildPlan,
  prepared: PreparedRun,
  workspace: Workspace,
  context: BuildContext,
): Promise<void> {
  await using scope = new Scope();
  const { emit } = context;
  const eventSocket = join(workspace.runFolder, 'events.sock');
  await serveEvents(scope, eventSocket, emit);
  const inner = watchInnerFailure(scope, context);
  const signal = superviseMachine(scope, prepared.monitorSocket, workspace, context.signal);
  try {
    await runPacker({
      ...prepared,
      builders: plan.builders,
      cwd: context.programFolder,
      env: packerEnvironment(plan, workspace, eventSocket, context.env),
      emit,
      signal,
    });
  } catch (thrown) {
    throw inner() ?? thrown;
  }
}

/** A failure of the program's own run inside Packer says more than Packer's exit code. */
function watchInnerFailure(scope: Scope, { subscribe }: BuildContext): () => BuilderError | undefined {
  let failed: BuildFailed | undefined;
  scope.defer(
    subscribe((event) => {
      if (event.type === 'build-failed') failed = event;
    }),
  );
  return () => {
    if (failed === undefined || failed.code === 'bug' || failed.code === 'interrupted') return undefined;
    const { code, message, hint, tail } = failed;
    return new BuilderError(code, message, {
      ...(hint === undefined ? {} : { hint }),
      ...(tail ? { tail } : {}),
    });
  };
}

/** Powers the machine off when the build is stopped, and stops the build when the machine's disk found no room. */
function superviseMachine(
  scope: Scope,
  monitorSocket: string,
  { workFolder }: Workspace,
  outerSignal: AbortSignal,
): AbortSignal {
  const diskFull = new AbortController();
  const watch = watchMachine(monitorSocket, () => {
    const message = `the disk of ${workFolder} is full: the build machine could not write`;
    diskFull.abort(new BuilderError('disk-full', message, { hint: 'make room and build again' }));
  });
  scope.defer(watch.stop);
  const signal = AbortSignal.any([outerSignal, diskFull.signal]);
  const powerOff = (): void => void watch.quit();
  signal.addEventListener('abort', powerOff, { once: true });
  scope.defer(() => signal.removeEventListener('abort', powerOff));
  return signal;
}

/** The environment of Packer and all that it starts. AWS keys go this way, as stock Packer would get them. */
function packerEnvironment(
  { settings }: BuildPlan,
  workspace: Workspace,
  eventSocket: string,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const { accessKey, secretKey, region } = settings.aws;
  return {
    ...env,
    IMAGE_PATH: settings.imagePath,
    IMAGE_NAME: settings.imageName,
    ...(accessKey === undefined ? {} : { AWS_ACCESS_KEY: accessKey, AWS_SECRET_KEY: secretKey }),
    AWS_REGION: region,
    // Packer would ask the network for a newer version of itself.
    CHECKPOINT_DISABLE: '1',
    PACKER_CACHE_DIR: join(workspace.runFolder, 'packer-cache'),
    // What the user set for Ansible counts, but not for how it prints: the tasks are read from its output.
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_FORCE_COLOR: '0',
    ANSIBLE_STDOUT_CALLBACK: 'default',
    ANSIBLE_DISPLAY_FAILED_STDERR: '0',
    ANSIBLE_CALLBACK_RESULT_FORMAT: 'json',
    // A container's user may have no home that can be written to.
    ANSIBLE_LOCAL_TEMP: join(workspace.runFolder, 'ansible'),
    // A control socket may have at most 107 bytes; the folder is private and goes with the build.
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(workspace.runFolder, 'cp'),
    // The conversion is started by start.sh, which must not set anything up in the middle of a build.
    NETSIL_BUILDER_PREPARED: '1',
    [RUN_LABEL]: workspace.runId,
    [EVENT_SOCKET_VARIABLE]: eventSocket,
  };
}
