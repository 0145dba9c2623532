import type { Signer } from '../attest/signer.ts';
import type { BaseChoice } from '../base/find-base.ts';
import type { PlanRow } from '../events.ts';
import type { KeyPlan } from '../keys/keys.ts';
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
  readonly base: BaseChoice;
  readonly keys: KeyPlan;
  readonly payload: PayloadPlan;
  readonly accelerator: AcceleratorChoice;
  /** Formats of the finished images, by name. */
  readonly formats: readonly string[];
  /** The user's own checks of the booted images. */
  readonly userChecks: readonly UserCheck[];
  /** What signs the checksums of the output; undefined: nothing does. */
  readonly signer: Signer | undefined;
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
function imageRows({ settings, accelerator, formats }: BuildPlan): PlanRow[] {
  const memory = `${settings.memoryBytes / 1024 ** 2} MiB memory, ${settings.cpus} processors`;
  return [
    { label: 'machine', value: memory },
    { label: 'accelerator', value: accelerator.accelerator, why: accelerator.reason },
    { label: 'formats', value: formats.join(', ') },
    { label: 'proof', value: PROOFS[settings.prove], ...whyProof(settings) },
  ];
}

function amiRow({ aws }: Settings): PlanRow {
  const { sourceAmi: source, instanceType, region, encryption } = aws;
  const what = source.kind === 'family' ? `the newest ${source.family}` : source.id;
  const how = encryption.isWanted ? ', encrypted' : '';
  return { label: 'ami', value: `of ${what}, on ${instanceType} in ${region}${how}` };
}

/** The plan in rows of label, value, and reason. */
export function planRows(plan: BuildPlan): PlanRow[] {
  const { settings, keys, payload, types, signer } = plan;
  const [hasImages, hasAmi] = [types.types.includes('qemu'), types.types.includes('amazon-ebs')];
  return [
    { label: 'build', value: types.types.join(' and '), why: types.why },
    ...(hasAmi ? [amiRow(settings)] : []),
    ...(hasImages ? [{ label: 'base image', value: plan.base.name, why: plan.base.why }] : []),
    { label: 'payload', value: payload.name, why: payload.why },
    { label: 'ssh key', value: keys.privateKeyPath, why: KEY_ACTIONS[keys.action] },
    ...(hasImages ? imageRows(plan) : []),
    ...(signer === undefined ? [] : [{ label: 'signature', value: signer.name, why: 'SIGNING_KEY' }]),
    {
      label: 'output',
      value: `${settings.imagePath}/<date>-<time>/${hasImages ? `${settings.imageName}.*` : ''}`,
    },
  ];
}
