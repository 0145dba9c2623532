import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PreparedBase } from '../../base/prepare-base.ts';
import type { DigestedFile } from '../../layers/file-inputs.ts';
import { layerKey, type LayerInput, contentInput, secretInput, shownInput } from '../../layers/layer.ts';
import { machineInputs } from '../../layers/machine-inputs.ts';
import {
  provisionerInputs,
  type ProvisionerContext,
  type ProvisionerInputs,
} from '../../layers/provisioner-inputs.ts';
import { type WantedLayers, wantedLayers } from '../../layers/wanted-layers.ts';
import { builderProvisioners, type BuilderProvisioner } from '../../packer/provisioners.ts';
import type { TemplateSection } from '../../packer/template.ts';
import { resolveValue, type TemplateValues, templateValues } from '../../packer/template-values.ts';
import type { ImagePlan } from '../../plan/build-plan.ts';
import { type AccelerationArgs, accelerationArgs } from '../../qemu/machine.ts';
import { parseSizeBytes } from '../../settings/size.ts';
import type { FileDigests } from '../../system/file-digests.ts';
import type { UserData } from '../../userdata/user-data.ts';
import { VERSION } from '../../version.ts';
import type { BuildContext } from '../context.ts';
import { packerVariables } from '../machine/packer-variables.ts';

/** What a build is made of. */
export interface BuildInputs extends WantedLayers {
  readonly builder: string;
  readonly provisioners: readonly BuilderProvisioner[];
  /** `sha256` of the base image's disk. */
  readonly baseDigest: string;
  readonly diskSizeBytes: number;
  /** Of the finished output: the same key means the same images. */
  readonly outputKey: string;
  /** Every file that is read besides base image and template; one of several users may be there several times. */
  readonly files: readonly DigestedFile[];
  /** Places where it cannot be known what a playbook reads. */
  readonly unknown: readonly string[];
}

export interface InputsRequest {
  readonly plan: ImagePlan;
  readonly base: PreparedBase;
  readonly userData: UserData;
  readonly tools: Readonly<Record<string, string>>;
  readonly digests: FileDigests;
  readonly salt: string;
}

/** Stand for places that differ from build to build; what lies there counts by its content. */
const PLACES = {
  imagePath: '<image path>',
  baseImage: '<base image>',
  privateKey: '<private key>',
  configDrive: '<config drive>',
  serialLog: '<serial log>',
} as const;

/**
 * Finds out what the layers and the output of a build are made of. Reads files, runs nothing. Fails with
 * `layer-input-unreadable` or `template-malformed`.
 */
export async function buildInputs(request: InputsRequest, context: BuildContext): Promise<BuildInputs> {
  const { plan, base, userData, tools, digests } = request;
  const section = qemuBuilder(plan);
  const builder = section.name ?? section.type;
  const templateFolder = dirname(plan.templatePath);
  const values = keyValues(request, context);
  const provisioners = builderProvisioners(plan.template, builder, values);
  const provisioner: ProvisionerContext = {
    values,
    env: context.env,
    cwd: templateFolder,
    ansibleVersion: tools['ansible-playbook'] ?? '',
    digests,
    places: [
      [plan.settings.imagePath, PLACES.imagePath],
      [templateFolder, '<template folder>'],
    ],
    salt: request.salt,
  };
  const baseDigest = await digests.sha256(base.path);
  const machine = await machineInputs(
    section,
    values,
    {
      baseDigest,
      baseFormat: base.format,
      userData: JSON.stringify(userData),
      accelerator: plan.accelerator.accelerator,
      cpuModel: processorText(accelerationArgs(plan.accelerator.accelerator)),
      hostCpu: plan.accelerator.accelerator === 'kvm' ? await hostCpu() : undefined,
      qemuVersion: tools['qemu-system-x86_64'] ?? '',
      packerVersion: tools['packer'] ?? '',
    },
    digests,
  );
  const found = await Promise.all(provisioners.map((each) => provisionerInputs(each.section, provisioner)));
  const wanted = wantedLayers(machine.inputs, provisioners, found);
  const output = await outputInputs(request, builder, provisioner);
  await digests.save();
  return {
    ...wanted,
    builder,
    provisioners,
    baseDigest,
    diskSizeBytes: Math.max(diskSize(section, values), base.virtualSizeBytes),
    outputKey: layerKey(wanted.layers.at(-1)?.key, [...wanted.rest, ...output.inputs]),
    files: [machine, ...found, output].flatMap(({ files }) => files),
    unknown: [...found, output].flatMap(({ unknown }) => unknown),
  };
}

/** In MiB: what Packer makes when a template says nothing. */
const PACKER_DISK_SIZE = '40960';

/** The disk that the template asks for. */
function diskSize(section: TemplateSection, values: TemplateValues): number {
  const asked: unknown = resolveValue(section['disk_size'], values);
  const text = typeof asked === 'number' ? `${asked}` : asked;
  return parseSizeBytes(typeof text === 'string' ? text : PACKER_DISK_SIZE) ?? 0;
}

function processorText({ cpu, machine, others }: AccelerationArgs): string {
  return [cpu, ...machine, ...others.flat()].join(',');
}

/** The template's one qemu builder; the preflight saw that it is there. */
export function qemuBuilder({ template }: ImagePlan): TemplateSection {
  const section = template.builders.find(({ type }) => type === 'qemu');
  if (section === undefined) throw new Error('the template has no qemu builder');
  return section;
}

/** The template's values with nothing in them that is of one build alone, or secret. */
function keyValues({ plan, base, userData, salt }: InputsRequest, { env }: BuildContext): TemplateValues {
  const given = packerVariables(plan, {
    ...PLACES,
    baseVirtualBytes: base.virtualSizeBytes,
    sshUser: base.sshUser,
    fwCfg: userData.kind === 'ignition' ? `name=${userData.fwCfgName}` : undefined,
  });
  const values = templateValues(plan.template, given, { env, templateFolder: dirname(plan.templatePath) });
  const variables = Object.entries(values.variables).map(([name, value]) => [
    name,
    values.secrets.has(name) ? secretInput(name, value, salt).value : value,
  ]);
  return { ...values, variables: Object.fromEntries(variables) as Record<string, string> };
}

/** What makes the output out of the last layer: the conversion, the names, and this program itself. */
async function outputInputs(
  { plan }: InputsRequest,
  builder: string,
  context: ProvisionerContext,
): Promise<ProvisionerInputs> {
  const { settings, formats, template } = plan;
  const program = await readFile(fileURLToPath(import.meta.url));
  const own: LayerInput[] = [
    shownInput('image name', settings.imageName),
    shownInput('formats', formats.join(', ')),
    shownInput('netsil-builder', VERSION),
    contentInput('program', program),
  ];
  const sections = (template['post-processors'] ?? []).flat().filter((each) => typeof each !== 'string');
  const found = await Promise.all(sections.map((section) => provisionerInputs(section, context)));
  const inputs = found.flatMap((each, place) =>
    each.inputs.map((input) => ({ ...input, name: `post-processor ${place + 1}: ${input.name}` })),
  );
  return {
    inputs: [...own, contentInput('builder', builder), ...inputs],
    files: found.flatMap(({ files }) => files),
    unknown: found.flatMap(({ unknown }) => unknown),
  };
}

/** The host's processor as a guest under KVM sees it. */
async function hostCpu(): Promise<string> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => cpus()[0]?.model ?? '');
  return text
    .split('\n')
    .filter((line) => /^(model name|flags|microcode)\s/.test(line))
    .slice(0, 3)
    .join('\n');
}
