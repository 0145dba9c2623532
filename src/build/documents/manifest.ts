import type { BuildRecorder } from '../../output/build-recorder.ts';
import type { Manifest } from '../../output/manifest.ts';
import type { BuildPlan } from '../../plan/build-plan.ts';
import { mebibytes } from '../../settings/size.ts';
import { VERSION } from '../../version.ts';
import type { FinishedAmi } from '../ami/build-ami.ts';
import type { BuiltImages } from '../build-images.ts';
import { diskSizeBytes } from '../machine/packer-variables.ts';

/** What a build knows at its end. */
export interface BuildFacts {
  readonly plan: BuildPlan;
  readonly tools: Readonly<Record<string, string>>;
  readonly record: BuildRecorder;
  /** Undefined when there are none, or none whole. */
  readonly images: BuiltImages | undefined;
  readonly ami: FinishedAmi | undefined;
  readonly durationMs: number;
}

/** The manifest of a build, but for its stamp and artifacts. Nothing of the keys but where they are. */
export function buildManifest(facts: BuildFacts): Omit<Manifest, 'version' | 'artifacts'> {
  const { plan, tools, record, images, ami, durationMs } = facts;
  const { settings } = plan;
  // Of a build without layers there is no key.
  const inputs = images?.machine.layers?.layering.inputs.outputKey;
  const login = images?.machine.login ?? ami?.login;
  return {
    schema: 1,
    name: settings.imageName,
    builder: `netsil-builder ${VERSION}`,
    builtAt: new Date().toISOString(),
    base: images === undefined ? sourceOf(ami) : baseOf(images),
    payload: (images?.plan ?? ami)?.payload.name ?? '',
    settings: {
      ...(images === undefined ? {} : machineOf(images)),
      ...(ami === undefined ? {} : instanceOf(plan, ami)),
    },
    phases: record.phases,
    tools,
    ...(inputs === undefined ? {} : { inputs }),
    plan: record.plan,
    layers: record.layers,
    tasks: record.tasks,
    durationMs,
    ...(login === undefined ? {} : { login }),
    ...(plan.signer === undefined ? {} : { signature: plan.signer.signature }),
    ...(record.amis.length === 0 ? {} : { ami: record.amis }),
  };
}

function baseOf({ base }: BuiltImages): Manifest['base'] {
  return {
    source: base.source,
    family: base.family,
    checksum: `${base.checksum.algorithm}:${base.checksum.hex}`,
    virtualBytes: base.virtualSizeBytes,
  };
}

/** What an AMI alone was built from. AWS tells no checksum; the id stands for one image for ever. */
function sourceOf(ami: FinishedAmi | undefined): Manifest['base'] {
  if (ami === undefined) throw new Error('an output has images or an AMI');
  const { source, family } = ami;
  if (source === undefined)
    return { source: 'as the template names it', family, checksum: 'unknown', virtualBytes: 0 };
  const virtualBytes = source.diskGib * 1024 ** 3;
  return { source: source.name, family, checksum: source.id, virtualBytes };
}

function machineOf({ plan: { settings, accelerator }, base }: BuiltImages): Manifest['settings'] {
  return {
    accelerator: accelerator.accelerator,
    cpus: settings.cpus,
    memoryMiB: mebibytes(settings.memoryBytes),
    diskMiB: mebibytes(diskSizeBytes(settings.diskSizeBytes, base.virtualSizeBytes)),
  };
}

function instanceOf({ settings: { aws } }: BuildPlan, { source }: FinishedAmi): Manifest['settings'] {
  return {
    'AMI built from': source === undefined ? 'as the template names it' : `${source.id} (${source.name})`,
    'AMI built on': aws.instanceType,
    'AMI encrypted': aws.encryption.isWanted ? 'yes' : 'no',
  };
}
