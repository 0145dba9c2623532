import { basename, join } from 'node:path';
import { openSigner } from '../attest/open-signer.ts';
import type { Signer } from '../attest/signer.ts';
import { baseCacheFolder } from '../base/prepare-base.ts';
import { type BaseChoice, findBase } from '../base/find-base.ts';
import { DEFAULT_FORMATS, parseFormats } from '../images/formats.ts';
import { resolveKeys } from '../keys/keys.ts';
import { takesSourceAmi } from '../packer/source-variables.ts';
import { builderNames, type PackerTemplate, readTemplate } from '../packer/template.ts';
import type { BuildPlan, ImagePlan } from '../plan/build-plan.ts';
import { asksForImages, chooseBuildTypes, packerTypes } from '../plan/build-types.ts';
import { publishedFormat, publishRequestOf } from '../plan/published-ami.ts';
import { neededBytes } from '../plan/disk-room.ts';
import { type PayloadBase, type PayloadPlan, planPayload } from '../plan/payload.ts';
import { lookAlikeOf } from '../prove/look-alike.ts';
import { findUserChecks, type UserCheck } from '../prove/user-checks.ts';
import { type AcceleratorChoice, chooseAccelerator } from '../qemu/accelerator.ts';
import { ProbeMemory } from '../qemu/probe-memory.ts';
import { findUefiFirmware } from '../qemu/uefi-firmware.ts';
import type { BuildType, Settings } from '../settings/settings.ts';
import { findInstaller, gib, requireFile, requireImagePath, requireRoom, sizeOrZero } from './checks.ts';
import { Findings } from './findings.ts';
import {
  BASE_TOOLS,
  BUILD_TOOLS,
  findTools,
  IMAGE_TOOLS,
  SIGNING_TOOLS,
  type Tool,
  toolProblem,
} from './tools.ts';

export interface Preflight {
  readonly findings: Findings;
  /** What follows from the findings; undefined when there is a problem. */
  readonly plan: BuildPlan | undefined;
  /** Versions by command. */
  readonly tools: Readonly<Record<string, string>>;
}

export interface InspectContext {
  /** Where packer-config.json and ansible/ are. */
  readonly programFolder: string;
  readonly signal: AbortSignal;
  /** Whether what an earlier run found out of KVM is believed; the doctor looks again. */
  readonly isHasty?: boolean;
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
  const target = asksForImages(settings.buildTypes)
    ? await inspectImages(findings, settings, imagePath !== undefined, context)
    : await inspectInstance(findings, settings, template?.template, context);
  const { signer, tools: signingTools } = await checkSigning(findings, settings, signal);
  const isComplete = types && template && keys && findings.problems.length === 0;
  return {
    findings,
    tools: { ...tools, ...target.tools, ...signingTools },
    plan: isComplete
      ? { settings, types, templatePath, ...template, keys, payload: undefined, ...target.plan, signer }
      : undefined,
  };
}

/** What is planned besides that of every build. */
interface Target<Plan> {
  readonly plan: Plan | undefined;
  readonly tools: Readonly<Record<string, string>>;
}

/** Looks at what local images need: the machine, its base, what is put in, and what becomes of the disk. */
async function inspectImages(
  findings: Findings,
  settings: Settings,
  hasImagePath: boolean,
  context: InspectContext,
): Promise<Target<Omit<ImagePlan, keyof BuildPlan> & Pick<ImagePlan, 'payload'>>> {
  const { programFolder, signal } = context;
  const tools = await checkTools(findings, IMAGE_TOOLS, signal);
  const accelerator = await checkAccelerator(findings, settings, tools, context);
  const base = await findings.check(
    'base image',
    () => findBase({ ...settings.base, imagePath: settings.imagePath, imageName: settings.imageName }),
    ({ name, why }) => `${name}: ${why}`,
  );
  const baseTools = base?.kind === 'embedded' ? await checkTools(findings, BASE_TOOLS, signal) : {};
  const payload = base && (await checkPayload(findings, settings, base, join(programFolder, 'ansible')));
  const formats = await checkFormats(findings, settings);
  if (base && hasImagePath) await checkRoom(findings, settings, base, formats?.length ?? 1);
  if (formats && settings.buildTypes?.includes('ami') === true)
    await checkPublish(findings, settings, formats);
  const userChecks = await checkProof(findings, settings);
  await checkFirmware(findings, settings, formats ?? []);
  const isComplete = accelerator && base && payload && formats && userChecks;
  return {
    plan: isComplete ? { accelerator, base, payload, formats, userChecks } : undefined,
    tools: { ...tools, ...baseTools },
  };
}

/** Looks at what an AMI alone needs here: what is put into its instance, if what that is made of is known without AWS. */
async function inspectInstance(
  findings: Findings,
  settings: Settings,
  template: PackerTemplate | undefined,
  { programFolder }: InspectContext,
): Promise<Target<Pick<ImagePlan, 'payload'>>> {
  const { sourceAmi } = settings.aws;
  const isOfFamily = sourceAmi.kind === 'family' && template !== undefined && takesSourceAmi(template);
  const family = isOfFamily ? sourceAmi.family : settings.base.family;
  if (family === undefined) return { plan: undefined, tools: {} };
  const base = { family, name: family };
  const payload = await checkPayload(findings, settings, base, join(programFolder, 'ansible'));
  return { plan: payload && { payload }, tools: {} };
}

async function checkAccelerator(
  findings: Findings,
  { accelerator: asked, imagePath }: Settings,
  tools: Readonly<Record<string, string>>,
  { signal, isHasty }: InspectContext,
): Promise<AcceleratorChoice | undefined> {
  const memoryPath = join(baseCacheFolder(imagePath), 'accelerator.json');
  const qemuVersion = tools['qemu-system-x86_64'] ?? '';
  const memory = isHasty === true ? await ProbeMemory.open(memoryPath, qemuVersion) : undefined;
  return findings.check(
    'accelerator',
    () => chooseAccelerator(asked, { signal, ...(memory === undefined ? {} : { memory }) }),
    ({ accelerator, reason }) => `${accelerator}: ${reason}`,
  );
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

async function checkPayload(
  findings: Findings,
  settings: Settings,
  base: PayloadBase,
  ansibleFolder: string,
): Promise<PayloadPlan | undefined> {
  return findings.check(
    'payload',
    async () => {
      const installer = await findInstaller(settings);
      const { pythonArchive, payload: choice } = settings;
      if (pythonArchive !== undefined) await requireFile('PYTHON_ARCHIVE', pythonArchive.location);
      if (choice.kind === 'playbook') await requireFile('PAYLOAD', choice.path);
      return planPayload({ choice, installer, pythonArchive, base, ansibleFolder });
    },
    ({ name, why }) => `${name}: ${why}`,
  );
}

/** The names of the formats that are asked for. */
async function checkFormats(
  findings: Findings,
  { formats }: Settings,
): Promise<readonly string[] | undefined> {
  return findings.check(
    'formats',
    () => Promise.resolve(parseFormats(formats ?? DEFAULT_FORMATS).map(({ name }) => name)),
    (names) => names.join(', '),
  );
}

/** The AMI that is to be made of the finished disk. */
async function checkPublish(
  findings: Findings,
  settings: Settings,
  formats: readonly string[],
): Promise<void> {
  await findings.check(
    'publish',
    () => ({ ...publishRequestOf(settings, Date.now()), format: publishedFormat(formats) }),
    ({ format, region }) => `an AMI of the ${format} in ${region}`,
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

/** The user's own checks of the booted images. */
async function checkProof(
  findings: Findings,
  { prove, proveChecks }: Settings,
): Promise<readonly UserCheck[] | undefined> {
  if (proveChecks === undefined) return [];
  return findings.check(
    'proof',
    () => findUserChecks(proveChecks),
    (checks) => `${prove}; checks of your own: ${checks.map(({ path }) => basename(path)).join(', ')}`,
  );
}

/** Whether images that a target starts by UEFI can be started so here. */
async function checkFirmware(
  findings: Findings,
  { prove }: Settings,
  formats: readonly string[],
): Promise<void> {
  const names = formats.filter((name) => lookAlikeOf(name).firmware === 'uefi');
  if (prove !== 'boot' || names.length === 0 || (await findUefiFirmware()) !== undefined) return;
  const what = `no UEFI firmware is installed: the proof starts ${names.join(' and ')} by BIOS`;
  findings.hint('proof', what, 'apt-get install ovmf');
}

async function checkRoom(
  findings: Findings,
  settings: Settings,
  base: BaseChoice,
  formats: number,
): Promise<void> {
  const baseBytes = await sizeOrZero(base.location);
  // One that cannot be read is the payload's problem.
  const installer = await findInstaller(settings).catch(() => undefined);
  const needed = neededBytes(baseBytes, await sizeOrZero(installer?.location), formats);
  const describe = (free: number): string => `${gib(free)} GiB free, about ${gib(needed)} GiB needed`;
  await findings.check('disk room', () => requireRoom(settings.imagePath, needed), describe);
}

/** Versions of the tools that are there, by command. */
async function checkTools(
  findings: Findings,
  tools: readonly Tool[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const finding of await findTools(tools, signal)) {
    const { command, tested } = finding.tool;
    const problem = toolProblem(finding);
    if (problem !== undefined) findings.problem('tools', problem);
    if (finding.state !== 'ok') continue;
    versions[command] = finding.version;
    const isTested = tested === undefined || finding.version.startsWith(tested);
    if (isTested) findings.ok('tools', `${command} ${finding.version}`.trimEnd());
    else
      findings.hint(
        'tools',
        `${command} ${finding.version}`,
        `the tests run with ${tested}; this one should do`,
      );
  }
  return versions;
}
