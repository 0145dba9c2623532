import { join } from 'node:path';
import { type PreparedBase, prepareBase } from '../base/prepare-base.ts';
import { runPhase } from '../events.ts';
import { convertImage } from '../images/convert-image.ts';
import { parseFormats } from '../images/formats.ts';
import type { BuildRecorder } from '../output/build-recorder.ts';
import type { ImagePlan } from '../plan/build-plan.ts';
import { exists } from '../system/files.ts';
import type { Scope } from '../system/scope.ts';
import type { BuildContext } from './context.ts';
import { giveUpResume, tellOfKept } from './failure.ts';
import { isAllKept } from './layering/layering.ts';
import { type PreparedRun, type PrepareRequest, prepareMachine } from './machine/prepare-machine.ts';
import { proveOutput } from './proof/prove-output.ts';
import { provision } from './machine/provision.ts';
import type { Workspace } from './workspace.ts';

/** Local images that are there, in the work folder, and what they were made by. */
export interface BuiltImages {
  readonly plan: ImagePlan;
  readonly base: PreparedBase;
  readonly machine: PreparedRun;
}

/** Makes the local images: provisions a machine, converts its disk, and proves the files. With `options.until` only the first. */
export async function buildImages(
  scope: Scope,
  wanted: Omit<PrepareRequest, 'base'>,
  record: BuildRecorder,
  context: BuildContext,
): Promise<BuiltImages> {
  const { plan, workspace, options } = wanted;
  const { cacheFolder } = workspace;
  const base = await prepareBase(plan.base, { cacheFolder, emit: context.emit, signal: context.signal });
  const request = { ...wanted, base };
  const machine = await provisionMachine(scope, request, context);
  if (options.until !== undefined) return { plan, base, machine };
  if (record.artifacts.length === 0) await convertDisk(plan, workspace, context);
  if (plan.settings.prove === 'boot')
    await proveOutput(request, { artifacts: record.artifacts, machine }, context);
  return { plan, base, machine };
}

/** A template of the user's own need not convert by itself. */
async function convertDisk(
  { settings, formats }: ImagePlan,
  { workFolder }: Workspace,
  { emit, signal }: BuildContext,
): Promise<void> {
  const disk = join(workFolder, `${settings.imageName}.qcow2`);
  if (!(await exists(disk))) return;
  await runPhase(emit, 'convert', 'convert the disk', () =>
    convertImage(disk, { formats: parseFormats(formats.join(',')), emit, signal }),
  );
}

/** Prepares the machine and lets Packer run. A layer that turns out not to start is set aside, and another one tried. */
async function provisionMachine(
  scope: Scope,
  request: PrepareRequest,
  context: BuildContext,
): Promise<PreparedRun> {
  for (;;) {
    const machine = await runPhase(
      context.emit,
      'prepare',
      'prepare keys, user data, layers and template',
      () => prepareMachine(scope, request, context),
    );
    const { layers } = machine;
    if (layers !== undefined && isAllKept(layers.layering, request.options)) {
      const text = `the layer ${request.options.until ?? ''} is kept already: there is nothing to build`;
      context.emit({ type: 'notice', level: 'info', text });
      return machine;
    }
    try {
      await provision(request, machine, context);
      return machine;
    } catch (thrown) {
      if (!(await giveUpResume(machine, thrown, context))) throw tellOfKept(thrown, machine);
    }
  }
}
