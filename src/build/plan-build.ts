import { BuilderErrors } from '../errors.ts';
import type { LayerRow, PlanRow } from '../events.ts';
import { LayerStore } from '../layers/store.ts';
import { currentOutput } from '../output/current-output.ts';
import { planRows } from '../plan/build-plan.ts';
import { inspect } from '../preflight/preflight.ts';
import type { Settings } from '../settings/settings.ts';
import type { BuildOptions } from './build-options.ts';
import type { BuildContext } from './context.ts';
import { layerRows, noLayersReason, planStored } from './layering/layering.ts';
import { lookAhead, wantedOutput } from './layering/look-ahead.ts';

/** What a build would do, as plain data. */
export interface PlannedBuild {
  readonly plan: readonly PlanRow[];
  /** Empty when the build has no layers, or when they cannot be known yet. */
  readonly layers: readonly LayerRow[];
  /** Places where it cannot be known what a playbook reads. */
  readonly unknown: readonly string[];
  /** The finished output that a build would find unchanged. */
  readonly current?: string;
  /** Why nothing is said of layers. */
  readonly note?: string;
}

/** Looks at what a build would do, and changes nothing. Throws `BuilderErrors` when a build could not start. */
export async function planBuild(
  settings: Settings,
  options: BuildOptions,
  context: BuildContext,
): Promise<PlannedBuild> {
  const { plan, findings, tools } = await inspect(settings, { ...context, isHasty: true });
  if (plan === undefined) throw new BuilderErrors(findings.problems);
  const rows = planRows(plan);
  const reason = noLayersReason(plan, options);
  const inputs = reason === undefined ? await lookAhead(plan, tools, context) : undefined;
  if (inputs === undefined) {
    const note =
      reason === undefined
        ? 'everything is built: there is no base image or no key yet'
        : `the build keeps no layers: ${reason}`;
    return { plan: rows, layers: [], unknown: [], note };
  }
  const stored = await new LayerStore(settings.layersPath).list();
  const current = await currentOutput(settings.imagePath, inputs.outputKey, wantedOutput(plan));
  return {
    plan: rows,
    layers: layerRows(planStored(inputs, stored, options)),
    unknown: inputs.unknown,
    ...(current === undefined ? {} : { current }),
  };
}
