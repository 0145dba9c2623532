import { dirname, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { BuildFailed } from '../events.ts';
import { serveStops } from '../layers/stop-server.ts';
import { runPacker } from '../packer/run-packer.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import type { QmpClient } from '../qemu/qmp.ts';
import { EVENT_SOCKET_VARIABLE, serveEvents } from '../system/event-socket.ts';
import { RUN_LABEL } from '../system/leftovers.ts';
import { Scope } from '../system/scope.ts';
import type { PreparedLayers, PreparedRun, PrepareRequest } from './prepare-machine.ts';
import type { BuildContext } from './context.ts';
import { greetMachine, type SupervisedMachine, superviseMachine } from './supervise-machine.ts';
import type { Workspace } from './workspace.ts';

/**
 * Runs Packer with everything around it: the events of the conversion inside come in by a socket, a machine that finds
 * its disk full ends the build, and a stop powers the machine off. Ends behind the layer `options.until`, if one
 * is given, when `atEnd` is done.
 */
export async function provision(
  { plan, workspace, options }: Pick<PrepareRequest, 'plan' | 'workspace' | 'options'>,
  prepared: PreparedRun,
  context: BuildContext,
  atEnd: (monitor: QmpClient) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await using scope = new Scope();
  const { emit } = context;
  const eventSocket = join(workspace.runFolder, 'events.sock');
  await serveEvents(scope, eventSocket, emit);
  const inner = watchInnerFailure(scope, context);
  const diskFolder = (): string =>
    prepared.layers?.run.isInStore === true ? plan.settings.layersPath : workspace.workFolder;
  const machine = superviseMachine(scope, prepared.monitorSocket, diskFolder, context.signal);
  greetMachine(scope, machine, prepared.layers?.run);
  const stops = await serveLayers(scope, prepared.layers, machine, { until: options.until, atEnd });
  try {
    await runPacker({
      ...prepared,
      builders: plan.builders,
      cwd: dirname(plan.templatePath),
      env: packerEnvironment(plan, workspace, eventSocket, context.env),
      emit,
      signal: machine.signal,
      ...bootTitle(prepared.layers),
    });
  } catch (thrown) {
    if (!stops.isReached()) throw stops.failure() ?? inner() ?? thrown;
  } finally {
    await prepared.layers?.run.settle();
  }
}

function bootTitle(layers: PreparedLayers | undefined): { readonly bootTitle?: string } {
  const { resume, layers: all = [] } = layers?.layering.plan ?? {};
  return resume === undefined
    ? {}
    : { bootTitle: `resume the machine behind ${all[resume.index]?.name ?? ''}` };
}

/** Does what is to be done where Packer stops for a layer; behind the last layer that is asked for, Packer is ended. */
async function serveLayers(
  scope: Scope,
  layers: PreparedLayers | undefined,
  { watch, signal, end }: SupervisedMachine,
  { until, atEnd }: { until: string | undefined; atEnd: (monitor: QmpClient) => Promise<void> },
): Promise<{ readonly failure: () => Error | undefined; readonly isReached: () => boolean }> {
  if (layers === undefined) return { failure: () => undefined, isReached: () => false };
  const { run, socketPath } = layers;
  let isReached = false;
  const server = await serveStops(scope, socketPath, async (place) => {
    const monitor = await watch.monitor(signal);
    await run.stop(place, monitor);
    if (place !== until) return;
    await run.settle();
    await atEnd(monitor);
    isReached = true;
    end();
  });
  return { ...server, isReached: () => isReached };
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
