import { join } from 'node:path';
import { prepareBase } from '../base/prepare-base.ts';
import { BuilderErrors } from '../errors.ts';
import { runPhase } from '../events.ts';
import { convertImage } from '../images/convert-image.ts';
import { parseFormats } from '../images/formats.ts';
import { BuildRecorder } from '../output/build-recorder.ts';
import { currentOutput } from '../output/current-output.ts';
import { finishOutput } from '../output/finish.ts';
import { type BuildPlan, planRows } from '../plan/build-plan.ts';
import { inspect } from '../preflight/preflight.ts';
import type { Settings } from '../settings/settings.ts';
import { exists } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { openBuildLog } from './build-log.ts';
import type { BuildOptions } from './build-options.ts';
import type { BuildContext } from './context.ts';
import { outputDocuments } from './documents.ts';
import { explainFailure, giveUpResume, setAsideWork, tellOfKept } from './failure.ts';
import { isAllKept } from './layering.ts';
import { lookAhead, wantedOutput } from './look-ahead.ts';
import { type PreparedRun, type PrepareRequest, prepareMachine } from './prepare-machine.ts';
import { pruneLayers } from './prune-layers.ts';
import { proveOutput } from './prove-output.ts';
import { provision } from './provision.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/**
 * Builds images: looks, plans, prepares, lets Packer provision, and gives the finished output its stamp. Builds nothing
 * when nothing has changed since an output that is there. Throws `BuilderErrors` with all problems when it cannot start.
 * Whatever else fails leaves no stamped folder.
 */
export async function runBuild(
  settings: Settings,
  options: BuildOptions,
  context: BuildContext,
): Promise<void> {
  const startMs = performance.now();
  const { plan, findings, tools } = await inspect(settings, { ...context, isHasty: true });
  if (plan === undefined) throw new BuilderErrors(findings.problems);
  const outlook = await lookAhead(plan, tools, context);
  const current = isWhole(settings, options)
    ? await currentOutput(settings.imagePath, outlook?.outputKey, wantedOutput(plan))
    : undefined;
  if (current !== undefined) {
    context.emit({ type: 'output-current', directory: current });
    return;
  }
  await buildAnew({ plan, tools, options, startMs }, context);
  await pruneLayers(settings);
}

/**
 * Whether a build is asked for as it stands, so that a finished output of it will do. What checks of the user's own look at
 * is not known: they are run each time.
 */
function isWhole({ proveChecks }: Settings, { force, useLayers, useCache, until }: BuildOptions): boolean {
  return !force && useLayers && useCache && until === undefined && proveChecks === undefined;
}

interface Undertaking {
  readonly plan: BuildPlan;
  readonly tools: Readonly<Record<string, string>>;
  readonly options: BuildOptions;
  readonly startMs: number;
}

async function buildAnew(undertaking: Undertaking, context: BuildContext): Promise<void> {
  const { plan, startMs } = undertaking;
  await using scope = new Scope();
  const workspace = await openWorkspace(scope, plan.settings.imagePath, context.emit);
  const record = recordBuild(scope, workspace, startMs, context);
  context.emit({ type: 'plan-made', rows: planRows(plan) });
  try {
    const finished = await build(scope, undertaking, workspace, record, context);
    const durationMs = Math.round(performance.now() - startMs);
    context.emit({ type: 'build-finished', ...finished, artifacts: record.artifacts, durationMs });
  } catch (thrown) {
    await setAsideWork(workspace, context);
    throw await explainFailure(thrown, workspace);
  }
}

async function build(
  scope: Scope,
  { plan, tools, options, startMs }: Undertaking,
  workspace: Workspace,
  record: BuildRecorder,
  context: BuildContext,
): Promise<{ directory: string; login?: string }> {
  const { emit, signal } = context;
  const { settings } = plan;
  const base = await prepareBase(plan.base, { cacheFolder: workspace.cacheFolder, emit, signal });
  const request = { plan, base, tools, options, workspace };
  const machine = await provisionMachine(scope, request, context);
  const { login } = machine;
  // An AMI alone leaves nothing here: it is in the cloud, and in the log.
  if (options.until !== undefined) return { directory: workspace.logFolder };
  if (!plan.types.types.includes('qemu')) return { directory: workspace.logFolder, login };
  if (record.artifacts.length === 0) await convertDisk(plan, workspace, context);
  if (settings.prove === 'boot')
    await proveOutput(request, { artifacts: record.artifacts, machine }, context);
  const directory = await runPhase(emit, 'finish', 'write checksums, manifest and report', () =>
    finishOutput({
      imagePath: settings.imagePath,
      workFolder: workspace.workFolder,
      artifacts: record.artifacts,
      formats: plan.formats,
      documents: outputDocuments({
        ...{ plan, base, tools, record, machine, workspace, signal },
        durationMs: Math.round(performance.now() - startMs),
      }),
      date: new Date(),
      warn: (text) => emit({ type: 'notice', level: 'warning', text }),
    }),
  );
  return { directory, login };
}

/** A template of the user's own need not convert by itself. */
async function convertDisk(
  { settings, formats }: BuildPlan,
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

/** Keeps what happens, in the log and for the manifest; `startMs` is by the clock of `performance.now()`. */
function recordBuild(
  scope: Scope,
  workspace: Workspace,
  startMs: number,
  { subscribe }: BuildContext,
): BuildRecorder {
  const record = new BuildRecorder(performance.timeOrigin + startMs);
  scope.defer(subscribe(openBuildLog(scope, workspace.logFile)));
  scope.defer(subscribe(record.listener));
  return record;
}
