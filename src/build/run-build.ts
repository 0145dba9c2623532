import { mkdir } from 'node:fs/promises';
import { BuilderError, BuilderErrors } from '../errors.ts';
import { type Artifact, runPhase } from '../events.ts';
import { BuildRecorder } from '../output/build-recorder.ts';
import { currentOutput } from '../output/current-output.ts';
import { finishOutput } from '../output/finish.ts';
import { type BuildPlan, makesImages, planRows } from '../plan/build-plan.ts';
import { inspect } from '../preflight/preflight.ts';
import type { Settings } from '../settings/settings.ts';
import { Scope } from '../system/scope.ts';
import type { FinishedAmi } from './ami/build-ami.ts';
import { buildImages } from './build-images.ts';
import { openBuildLog } from './build-log.ts';
import type { BuildOptions } from './build-options.ts';
import type { BuildContext } from './context.ts';
import { type DocumentFacts, outputDocuments } from './documents/documents.ts';
import { besides, explainFailure, setAsideWork, tellOfAmis } from './failure.ts';
import { lookAhead, wantedOutput } from './layering/look-ahead.ts';
import type { AmiRequest } from './ami/prepare-instance.ts';
import { prepareBuildKeys } from './machine/prepare-machine.ts';
import { publishOutput } from './ami/publish-output.ts';
import { pruneLayers } from './layering/prune-layers.ts';
import { sideBySide } from './side-by-side.ts';
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
  const current = isWhole(settings, options) ? await finishedOutput(plan, tools, context) : undefined;
  if (current !== undefined) {
    const amis = publishes(plan) ? { amis: await publishOutput(current, settings, context) } : {};
    context.emit({ type: 'output-current', directory: current, ...amis });
    return;
  }
  await buildAnew({ plan, tools, options, startMs }, context);
  await pruneLayers(settings);
}

/** The folder of a finished output that this build would only make again. */
async function finishedOutput(
  plan: BuildPlan,
  tools: Readonly<Record<string, string>>,
  context: BuildContext,
): Promise<string | undefined> {
  const inputs = await lookAhead(plan, tools, context);
  return currentOutput(plan.settings.imagePath, inputs?.outputKey, wantedOutput(plan));
}

/**
 * Whether a build is asked for as it stands, so that a finished output of it will do. What checks of the user's own look at
 * is not known: they are run each time.
 */
function isWhole({ proveChecks }: Settings, { force, useLayers, useCache, until }: BuildOptions): boolean {
  return !force && useLayers && useCache && until === undefined && proveChecks === undefined;
}

/** Whether an AMI is made of the finished output. */
function publishes({ types }: BuildPlan): boolean {
  return types.types.includes('ami');
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
  let isFinished = false;
  try {
    const { failure, ...finished } = await build(scope, undertaking, workspace, record, context);
    isFinished = true;
    await conclude(finished, undertaking, record, context);
    if (failure !== undefined) throw besides(failure, finished.directory);
  } catch (thrown) {
    await setAsideWork(workspace, context);
    if (!isFinished) tellOfAmis(record, context);
    throw await explainFailure(thrown, workspace);
  }
}

/** Publishes what was finished, if that is wanted, and tells of it: it is whole, whatever becomes of an AMI of it. */
async function conclude(
  finished: Omit<Finished, 'failure'>,
  { plan, options, startMs }: Undertaking,
  record: BuildRecorder,
  context: BuildContext,
): Promise<void> {
  const { directory, artifacts } = finished;
  try {
    if (publishes(plan) && options.until === undefined && artifacts.length > 0) {
      await publishOutput(directory, plan.settings, context);
    }
  } finally {
    const durationMs = Math.round(performance.now() - startMs);
    const amis = record.amis.length === 0 ? {} : { amis: record.amis };
    context.emit({ type: 'build-finished', ...finished, ...amis, durationMs });
  }
}

/** Builds the images and the AMI side by side, whichever are wanted, and finishes with what there is. */
async function build(
  scope: Scope,
  { plan, tools, options, startMs }: Undertaking,
  workspace: Workspace,
  record: BuildRecorder,
  context: BuildContext,
): Promise<Finished> {
  const { until } = options;
  const request = makesImages(plan) ? { plan, tools, options, workspace } : undefined;
  const wantsAmi = plan.types.types.includes('amazon-ebs') && until === undefined;
  if (request === undefined && !wantsAmi) throw noLayersOfAmi(until ?? '');
  const keys = wantsAmi ? await prepareBuildKeys(plan, context) : undefined;
  const [images, ami] = await sideBySide(
    request && { name: 'local images', work: () => buildImages(scope, request, record, context) },
    keys && { name: 'AMI', work: () => makeAmi({ plan, workspace, keys }, context) },
    context,
  );
  if (until !== undefined) return { directory: workspace.logFolder, artifacts: record.artifacts };
  const directory = await finish(
    { plan, tools, record, workspace, images: images?.value, ami: ami?.value, startMs },
    context,
  );
  const login = images?.value?.machine.login ?? ami?.value?.login;
  const failure = images?.failure ?? ami?.failure;
  return {
    directory,
    artifacts: images?.value === undefined ? [] : record.artifacts,
    ...(login === undefined ? {} : { login }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** Loaded when it is wanted: the AWS SDK would slow every other command down. */
async function makeAmi(request: AmiRequest, context: BuildContext): Promise<FinishedAmi> {
  const { buildAmi } = await import('./ami/build-ami.ts');
  return buildAmi(request, context);
}

interface Finished {
  readonly directory: string;
  readonly artifacts: readonly Artifact[];
  readonly login?: string;
  /** Of the images or of the AMI, when the other one is in the directory. */
  readonly failure?: BuilderError;
}

function noLayersOfAmi(until: string): BuilderError {
  return new BuilderError('settings-invalid', `--until ${until} does not go with BUILD_TYPE=amazon-ebs`, {
    hint: 'an AMI has no layers: leave one of them out',
  });
}

/** Gives what there is its stamp; what failed images have left is moved aside first. */
async function finish(
  facts: Omit<DocumentFacts, 'durationMs' | 'artifacts' | 'signal'> & { readonly startMs: number },
  context: BuildContext,
): Promise<string> {
  const { emit, signal } = context;
  const { plan, record, workspace, images, startMs } = facts;
  const { imagePath } = plan.settings;
  if (images === undefined) await setAsideWork(workspace, context);
  const artifacts = images === undefined ? [] : record.artifacts;
  return runPhase(emit, 'finish', 'write checksums, manifest and report', async () => {
    await mkdir(workspace.workFolder, { recursive: true });
    const durationMs = Math.round(performance.now() - startMs);
    return finishOutput({
      imagePath,
      workFolder: workspace.workFolder,
      artifacts,
      formats: images?.plan.formats ?? [],
      documents: outputDocuments({ ...facts, artifacts, durationMs, signal }),
      date: new Date(),
      warn: (text) => emit({ type: 'notice', level: 'warning', text }),
    });
  });
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
