import { join } from 'node:path';
import { openSigner } from '../attest/open-signer.ts';
import type { Signer } from '../attest/signer.ts';
import { resolveKeys } from '../keys/keys.ts';
import { builderNames, readTemplate } from '../packer/template.ts';
import type { BuildPlan } from '../plan/build-plan.ts';
import { asksForImages, chooseBuildTypes, packerTypes } from '../plan/build-types.ts';
import type { BuildType, Settings } from '../settings/settings.ts';
import { checkTools } from './check-tools.ts';
import { requireImagePath } from './checks.ts';
import { Findings } from './findings.ts';
import type { InspectContext } from './inspect-context.ts';
import { inspectImages } from './inspect-images.ts';
import { inspectInstance } from './inspect-instance.ts';
import { BUILD_TOOLS, SIGNING_TOOLS } from './tools.ts';

export interface Preflight {
  readonly findings: Findings;
  /** What follows from the findings; undefined when there is a problem. */
  readonly plan: BuildPlan | undefined;
  /** Versions by command. */
  readonly tools: Readonly<Record<string, string>>;
}

/** Looks at all that a build needs; changes nothing, except that it makes IMAGE_PATH. */
export async function inspect(settings: Settings, context: InspectContext): Promise<Preflight> {
  const { programFolder, signal } = context;
  const findings = new Findings();
  const tools = await checkTools(findings, BUILD_TOOLS, signal);
  const types = await findings.check(
    'build type',
    () => chooseBuildTypes(settings.buildTypes, settings.aws.credentials),
    ({ types: names, why }) => `${names.join(' and ')}: ${why}`,
  );
  const templatePath = settings.templatePath ?? join(programFolder, 'packer-config.json');
  const template = await checkTemplate(findings, templatePath, types?.types ?? []);
  const imagePath = await findings.check(
    'image path',
    () => requireImagePath(settings.imagePath),
    (path) => path,
  );
  const keys = await findings.check(
    'ssh keys',
    () => resolveKeys(settings.keys, signal),
    ({ action, privateKeyPath }) => `${privateKeyPath} (${action === 'make' ? 'will be made' : 'usable'})`,
  );
  const images = asksForImages(settings.buildTypes)
    ? await inspectImages(findings, settings, imagePath !== undefined, context)
    : undefined;
  const payload = images ? undefined : await inspectInstance(findings, settings, template?.template, context);
  const { signer, tools: signingTools } = await checkSigning(findings, settings, signal);
  const isComplete = types && template && keys && findings.problems.length === 0;
  return {
    findings,
    tools: { ...tools, ...images?.tools, ...signingTools },
    plan: isComplete
      ? { settings, types, templatePath, ...template, keys, payload, ...images?.plan, signer }
      : undefined,
  };
}

/** Without the types that the template must build, only its form is looked at. */
async function checkTemplate(
  findings: Findings,
  path: string,
  types: readonly BuildType[],
): Promise<Pick<BuildPlan, 'template' | 'builders'> | undefined> {
  return findings.check(
    'template',
    async () => {
      const template = await readTemplate(path);
      return { template, builders: builderNames(template, packerTypes(types)) };
    },
    () => path,
  );
}

/** Signs on trial with the key that is asked for; without a wish nothing is looked at. */
async function checkSigning(
  findings: Findings,
  { signing }: Settings,
  signal: AbortSignal,
): Promise<{ readonly signer: Signer | undefined; readonly tools: Readonly<Record<string, string>> }> {
  if (signing === undefined) return { signer: undefined, tools: {} };
  const tool = SIGNING_TOOLS[signing.key.kind];
  const tools = await checkTools(findings, [tool], signal);
  if (tools[tool.command] === undefined) return { signer: undefined, tools };
  const signer = await findings.check(
    'signature',
    () => openSigner(signing, signal),
    ({ name }) => `${name} (signs)`,
  );
  return { signer, tools };
}
