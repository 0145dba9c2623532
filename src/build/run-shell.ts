import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { baseCacheFolder, knownBase } from '../base/prepare-base.ts';
import { BuilderError, BuilderErrors } from '../errors.ts';
import type { BuildEvent } from '../events.ts';
import { AWAKE_PLACE } from '../packer/compile-layers.ts';
import { makesImages } from '../plan/build-plan.ts';
import { inspect } from '../preflight/preflight.ts';
import { forwardedPort } from '../qemu/forwarded-port.ts';
import { sessionArgs } from '../qemu/guest-ssh.ts';
import type { QmpClient } from '../qemu/qmp.ts';
import type { Settings } from '../settings/settings.ts';
import { FileDigests } from '../system/file-digests.ts';
import { plainTemporaryParent, temporaryFolder } from '../system/files.ts';
import { killLeftovers } from '../system/leftovers.ts';
import { runInteractive } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import type { BuildContext } from './context.ts';
import { type PreparedRun, prepareMachine } from './machine/prepare-machine.ts';
import { provision } from './machine/provision.ts';
import type { Workspace } from './workspace.ts';

/**
 * Resumes a machine as it was at the end of a layer (the named one, or the newest that a build would go on from), opens
 * an SSH session in it, and throws it away. Fails with `layer-unknown` when that layer is not kept.
 */
export async function runShell(
  settings: Settings,
  layer: string | undefined,
  context: BuildContext,
): Promise<void> {
  const { plan, findings, tools } = await inspect(settings, { ...context, isHasty: true });
  if (plan === undefined) throw new BuilderErrors(findings.problems);
  if (!makesImages(plan)) {
    throw new BuilderError('settings-invalid', 'shell does not go with BUILD_TYPE=amazon-ebs', {
      hint: 'an AMI has no machine here: leave BUILD_TYPE out',
    });
  }
  const cacheFolder = baseCacheFolder(settings.imagePath);
  const digests = await FileDigests.open(join(cacheFolder, 'digests.json'));
  const base = await knownBase(plan.base, cacheFolder, digests);
  if (base === undefined) {
    throw new BuilderError('layer-unknown', 'there is no base image yet, and no layer', {
      hint: 'build first',
    });
  }
  await using scope = new Scope();
  const workspace = await throwAwayWorkspace(scope, cacheFolder);
  const options = { useLayers: true, useCache: true, force: true, until: AWAKE_PLACE };
  const quiet = withNoticesAlone(context);
  const request = { plan, base, tools, options, workspace, shell: { layer } };
  const machine = await prepareMachine(scope, request, quiet);
  const name = machine.layers?.layering.plan.layers.at(-1)?.name ?? '';
  const text = `opening a machine as it was at the end of ${name}; nothing of it stays`;
  context.emit({ type: 'notice', level: 'info', text });
  await provision(request, machine, quiet, (monitor) => logIn(monitor, machine, base.sshUser));
}

/** The terminal is the session's: of a run of Packer only what people must know is shown. */
function withNoticesAlone(context: BuildContext): BuildContext {
  const emit = (event: BuildEvent): void => {
    if (event.type === 'notice') context.emit(event);
  };
  return { ...context, emit };
}

async function throwAwayWorkspace(scope: Scope, cacheFolder: string): Promise<Workspace> {
  const runId = `shell-${randomUUID()}`;
  // The disk grows with what is done in the session: where there is room, not in memory.
  const folder = await temporaryFolder(scope, cacheFolder);
  const runFolder = await temporaryFolder(scope, plainTemporaryParent());
  const logFolder = join(folder, 'log');
  await mkdir(logFolder);
  scope.defer(async () => {
    await killLeftovers(runId);
  });
  return {
    workFolder: join(folder, 'packer'),
    cacheFolder,
    logFolder,
    logFile: join(logFolder, 'build.log'),
    serialLog: join(logFolder, 'serial.log'),
    runFolder,
    runId,
  };
}

async function logIn(monitor: QmpClient, { keyPath }: PreparedRun, user: string): Promise<void> {
  const port = await forwardedPort(monitor, 22);
  // How the session ends is the user's business: its exit code is that of the last command.
  await runInteractive(sessionArgs({ port, keyPath, user }));
}
