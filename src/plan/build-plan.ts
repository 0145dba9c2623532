import type { Signer } from '../attest/signer.ts';
import type { BaseChoice } from '../base/find-base.ts';
import type { PlanRow } from '../events.ts';
import type { KeyPlan } from '../keys/keys.ts';
import { takesSourceAmi } from '../packer/source-variables.ts';
import type { PackerTemplate } from '../packer/template.ts';
import type { UserCheck } from '../prove/user-checks.ts';
import type { AcceleratorChoice } from '../qemu/accelerator.ts';
import type { Settings } from '../settings/settings.ts';
import type { BuildTypeChoice } from './build-types.ts';
import type { PayloadPlan } from './payload.ts';

/** Everything that a build is going to do, decided before anything runs. */
export interface BuildPlan {
  readonly settings: Settings;
  readonly types: BuildTypeChoice;
  /** packer-config.json or the user's own, and the names of its builders that run. */
  readonly templatePath: string;
  readonly template: PackerTemplate;
  readonly builders: readonly string[];
  readonly keys: KeyPlan;
  /** Undefined while it hangs on a source AMI that nobody has looked up yet. */
  readonly payload: PayloadPlan | undefined;
  /** What signs the checksums of the output; undefined: nothing does. */
  readonly signer: Signer | undefined;
}

/** The plan of a build that makes local images: of what, on which machine, and in which formats. */
export interface ImagePlan extends BuildPlan {
  readonly base: BaseChoice;
  readonly payload: PayloadPlan;
  readonly accelerator: AcceleratorChoice;
  /** Formats of the finished images, by name. */
  readonly formats: readonly string[];
  /** The user's own checks of the booted images. */
  readonly userChecks: readonly UserCheck[];
}

/** Whether a build makes local images, and not an AMI alone. */
export function makesImages(plan: BuildPlan): plan is ImagePlan {
  return 'base' in plan;
}

const KEY_ACTIONS = { make: 'made now, once', reuse: 'made by an earlier build', use: 'given' } as const;

const PROOFS = {
  none: 'each file compared with the disk',
  compare: 'each file compared with the disk',
  boot: "each file compared with the disk, and booted on hardware like its target's",
} as const;

function whyProof({ prove, proveChecks }: Settings): { readonly why?: string } {
  if (prove !== 'boot') return { why: `PROVE is ${prove}` };
  return proveChecks === undefined ? {} : { why: `with the checks in ${proveChecks}` };
}

/** Of local images: the machine that they are built on, and what becomes of its disk. */
function imageRows({ settings, accelerator, formats }: ImagePlan): PlanRow[] {
  const memory = `${settings.memoryBytes / 1024 ** 2} MiB memory, ${settings.cpus} processors`;
  return [
    { label: 'machine', value: memory },
    { label: 'accelerator', value: accelerator.accelerator, why: accelerator.reason },
    { label: 'formats', value: formats.join(', ') },
    { label: 'proof', value: PROOFS[settings.prove], ...whyProof(settings) },
  ];
}

function amiRow({ settings: { aws }, template }: BuildPlan): PlanRow {
  const { sourceAmi: source, instanceType, region } = aws;
  const asked = source.kind === 'family' ? `the newest ${source.family}` : source.id;
  const what = takesSourceAmi(template) ? asked : "the template's source AMI";
  return { label: 'ami', value: `of ${what}, on ${instanceType} in ${region}${howEncrypted(aws)}` };
}

function publishRow({ aws }: Settings): PlanRow {
  return { label: 'publish', value: `an AMI of the finished disk in ${aws.region}${howEncrypted(aws)}` };
}

function howEncrypted({ encryption }: Settings['aws']): string {
  return encryption.isWanted ? ', encrypted' : '';
}

function payloadValue(payload: PayloadPlan | undefined): Pick<PlanRow, 'value' | 'why'> {
  if (payload !== undefined) return { value: payload.name, why: payload.why };
  return { value: 'as it fits the source AMI', why: 'what that is made of, its name will tell' };
}

/** The plan in rows of label, value, and reason. */
export function planRows(plan: BuildPlan): PlanRow[] {
  const { settings, keys, payload, types, signer } = plan;
  const images = makesImages(plan) ? plan : undefined;
  return [
    { label: 'build', value: types.types.join(' and '), why: types.why },
    ...(types.types.includes('amazon-ebs') ? [amiRow(plan)] : []),
    ...(types.types.includes('ami') ? [publishRow(settings)] : []),
    ...(images === undefined ? [] : [{ label: 'base image', value: images.base.name, why: images.base.why }]),
    { label: 'payload', ...payloadValue(payload) },
    { label: 'ssh key', value: keys.privateKeyPath, why: KEY_ACTIONS[keys.action] },
    ...(images === undefined ? [] : imageRows(images)),
    ...(signer === undefined ? [] : [{ label: 'signature', value: signer.name, why: 'SIGNING_KEY' }]),
    {
      label: 'output',
      value: `${settings.imagePath}/<date>-<time>/${images === undefined ? '' : `${settings.imageName}.*`}`,
    },
  ];
}
