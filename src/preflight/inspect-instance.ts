import { join } from 'node:path';
import { takesSourceAmi } from '../packer/source-variables.ts';
import type { PackerTemplate } from '../packer/template.ts';
import type { PayloadPlan } from '../plan/payload.ts';
import type { Settings } from '../settings/settings.ts';
import { checkPayload } from './check-payload.ts';
import type { Findings } from './findings.ts';
import type { InspectContext } from './inspect-context.ts';

/** Looks at what an AMI alone gets: undefined when there is a problem, or when only AWS knows what its source is made of. */
export async function inspectInstance(
  findings: Findings,
  settings: Settings,
  template: PackerTemplate | undefined,
  { programFolder }: InspectContext,
): Promise<PayloadPlan | undefined> {
  const { sourceAmi } = settings.aws;
  const isOfFamily = sourceAmi.kind === 'family' && template !== undefined && takesSourceAmi(template);
  const family = isOfFamily ? sourceAmi.family : settings.base.family;
  if (family === undefined) return undefined;
  const base = { family, name: family };
  return checkPayload(findings, settings, base, join(programFolder, 'ansible'));
}
