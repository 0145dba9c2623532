import { basename, join } from 'node:path';
import { type BaseChoice, findBase } from '../base/find-base.ts';
import { baseCacheFolder } from '../base/prepare-base.ts';
import { DEFAULT_FORMATS, parseFormats } from '../images/formats.ts';
import type { BuildPlan, ImagePlan } from '../plan/build-plan.ts';
import { neededBytes } from '../plan/disk-room.ts';
import { publishedFormat, publishRequestOf } from '../plan/published-ami.ts';
import { lookAlikeOf } from '../prove/look-alike.ts';
import { findUserChecks, type UserCheck } from '../prove/user-checks.ts';
import { type AcceleratorChoice, chooseAccelerator } from '../qemu/accelerator.ts';
import { ProbeMemory } from '../qemu/probe-memory.ts';
import { findUefiFirmware } from '../qemu/uefi-firmware.ts';
import type { Settings } from '../settings/settings.ts';
import { checkPayload } from './check-payload.ts';
import { checkTools } from './check-tools.ts';
import { findInstaller, gib, requireRoom, sizeOrZero } from './checks.ts';
import type { Findings } from './findings.ts';
import type { InspectContext } from './inspect-context.ts';
import { BASE_TOOLS, IMAGE_TOOLS } from './tools.ts';

/** What is planned for local images besides what every build has, and the versions of the tools that they need. */
export interface InspectedImages {
  /** Undefined when there is a problem. */
  readonly plan: (Omit<ImagePlan, keyof BuildPlan> & Pick<ImagePlan, 'payload'>) | undefined;
  readonly tools: Readonly<Record<string, string>>;
}

/** Looks at what local images need: the machine, its base, what is put in, and what becomes of the disk. */
export async function inspectImages(
  findings: Findings,
  settings: Settings,
  hasImagePath: boolean,
  context: InspectContext,
): Promise<InspectedImages> {
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
