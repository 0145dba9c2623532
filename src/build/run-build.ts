import { copyFile } from 'node:fs/promises';
import { prepareBase } from '../base/prepare-base.ts';
import { BuilderErrors } from '../errors.ts';
import { type Artifact, runPhase } from '../events.ts';
import { finishOutput } from '../output/finish.ts';
import { type PhaseRecord, recordPhases } from '../output/manifest.ts';
import { type BuildPlan, planRows } from '../plan/build-plan.ts';
import { inspect } from '../preflight/preflight.ts';
import type { Settings } from '../settings/settings.ts';
import { Scope } from '../system/scope.ts';
import { openBuildLog } from './build-log.ts';
import type { BuildContext } from './context.ts';
import { explainFailure, setAsideWork } from './failure.ts';
import { buildManifest } from './manifest.ts';
import { prepareMachine } from './prepare-machine.ts';
import { provision } from './provision.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

/** What the events of a build leave behind. */
interface BuildRecord {
  readonly artifacts: Artifact[];
  readonly phases: PhaseRecord[];
}

/**
 * Builds images: looks, plans, prepares, lets Packer provision, and gives the finished output its stamp. Throws
 * `BuilderErrors` with all problems when it cannot start. Whatever else fails leaves no stamped folder.
 */
export async function runBuild(settings: Settings, context: BuildContext): Promise<void> {
  const startMs = performance.now();
  const { plan, findings, tools } = await inspect(settings, context.programFolder, context.signal);
  if (plan === undefined) throw new BuilderErrors(findings.problems);
  await using scope = new Scope();
  const workspace = await openWorkspace(scope, settings.imagePath, context.emit);
  const record = recordBuild(scope, workspace, context);
  context.emit({ type: 'plan-made', rows: planRows(plan) });
  try {
    const finished = await build(plan, tools, workspace, record, context);
    const durationMs = Math.round(performance.now() - startMs);
    context.emit({ type: 'build-finished', ...finished, artifacts: record.artifacts, durationMs });
  } catch (thrown) {
    await setAsideWork(workspace, context);
    throw await explainFailure(thrown, workspace);
  }
}

async function build(
  plan: BuildPlan,
  tools: Readonly<Record<string, string>>,
  workspace: Workspace,
  record: BuildRecord,
  context: BuildContext,
): Promise<{ directory: string; login: string }> {
  const { emit, signal } = context;
  const { settings } = plan;
  const base = await prepareBase(plan.base, { cacheFolder: workspace.cacheFolder, emit, signal });
  const machine = await runPhase(emit, 'prepare', 'prepare keys, user data and template', () =>
    prepareMachine(plan, base, workspace, context),
  );
  await provision(plan, machine, workspace, context);
  // An AMI alone leaves nothing here: it is in the cloud, and in the log.
  const { login } = machine;
  if (!plan.types.types.includes('qemu')) return { directory: workspace.logFolder, login };
  const directory = await runPhase(emit, 'finish', 'write checksums and manifest', () =>
    finishOutput({
      imagePath: settings.imagePath,
      workFolder: workspace.workFolder,
      artifacts: record.artifacts,
      formats: plan.formats,
      manifest: buildManifest(plan, base, tools, record.phases),
      date: new Date(),
      writeLog: (path) => copyFile(workspace.logFile, path),
      warn: (text) => emit({ type: 'notice', level: 'warning', text }),
    }),
  );
  return { directory, login };
}

function recordBuild(scope: Scope, workspace: Workspace, { subscribe }: BuildContext): BuildRecord {
  const record: BuildRecord = { artifacts: [], phases: [] };
  scope.defer(subscribe(openBuildLog(scope, workspace.logFile)));
  scope.defer(subscribe(recordPhases(record.phases)));
  scope.defer(
    subscribe((event) => {
      if (event.type !== 'artifact-made') return;
      const { format, file, bytes, virtualBytes, sha256 } = event;
      record.artifacts.push({ format, file, bytes, virtualBytes, sha256 });
    }),
  );
  return record;
}
