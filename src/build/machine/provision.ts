import { dirname, join } from 'node:path';
import { BuilderError } from '../../errors.ts';
import type { BuildFailed } from '../../events.ts';
import { serveStops } from '../../layers/stop-server.ts';
import { machineSteps, type PackerSteps } from '../../packer/phases.ts';
import { runPacker } from '../../packer/run-packer.ts';
import { builderNames } from '../../packer/template.ts';
import type { QmpClient } from '../../qemu/qmp.ts';
import { serveEvents } from '../../system/event-socket.ts';
import { Scope } from '../../system/scope.ts';
import type { PreparedLayers, PreparedRun, PrepareRequest } from './prepare-machine.ts';
import type { BuildContext } from '../context.ts';
import { packerEnvironment } from './packer-environment.ts';
import { greetMachine, type SupervisedMachine, superviseMachine } from './supervise-machine.ts';

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
      builders: builderNames(plan.template, ['qemu']),
      cwd: dirname(plan.templatePath),
      env: packerEnvironment(plan, workspace, context.env, eventSocket),
      emit,
      signal: machine.signal,
      steps: stepsOf(prepared.layers),
    });
  } catch (thrown) {
    if (!stops.isReached()) throw stops.failure() ?? inner() ?? thrown;
  } finally {
    await prepared.layers?.run.settle();
  }
}

function stepsOf(layers: PreparedLayers | undefined): PackerSteps {
  const { resume, layers: all = [] } = layers?.layering.plan ?? {};
  if (resume === undefined) return machineSteps();
  return machineSteps(`resume the machine behind ${all[resume.index]?.name ?? ''}`);
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
