import type { TemplateSection } from '../packer/template.ts';
import { resolveValue, type TemplateValues } from '../packer/template-values.ts';
import type { FileDigests } from '../system/file-digests.ts';
import { type DigestedFile, digestFiles, fileInputs } from './file-inputs.ts';
import { contentInput, type LayerInput, shownInput } from './layer.ts';
import { namedFiles } from './named-files.ts';

/** What the machine of a build is, besides the template's own section. */
export interface MachineFacts {
  /** `algorithm:hex` of the base image. */
  readonly baseDigest: string;
  readonly baseFormat: string;
  /** What is injected at the first boot. */
  readonly userData: string;
  readonly accelerator: string;
  /** QEMU's processor model, and the host's own under KVM, which the guest sees. */
  readonly cpuModel: string;
  readonly hostCpu: string | undefined;
  /** Versions of the programs that make the machine. */
  readonly qemuVersion: string;
  readonly packerVersion: string;
}

/** Settings that say how Packer talks and where it writes: none of them reaches the guest. */
const WITHOUT_EFFECT =
  /^(name|vm_name|output_directory|iso_(url|urls|checksum|target_path|target_extension|skip_cache)|communicator|ssh_\w+|winrm_\w+|shutdown_\w+|headless|display|use_default_display|vnc_\w+|disable_vnc|boot_wait|boot_key(group)?_interval|pause_before_connecting|skip_compaction|disk_compression|format|(host|http)_port_\w+|http_bind_address|qmp_\w+|accelerator|use_backing_file|qemu_img_args|qemu_binary)$/;
/** Settings that name files or folders of the host which the guest can read. */
const NAMES_FILES = /^(http_directory|floppy_(files|dirs)|cd_files|firmware|efi_\w+|vtpm_\w+|qemuargs)$/;

/**
 * The inputs of the first layer: the machine after its first boot. Texts that name places of one build alone must have
 * been replaced in `values` by something that stays the same, and secrets by a digest.
 */
export async function machineInputs(
  builder: TemplateSection,
  values: TemplateValues,
  facts: MachineFacts,
  digests: FileDigests,
): Promise<{ readonly inputs: readonly LayerInput[]; readonly files: readonly DigestedFile[] }> {
  const settings = Object.entries(builder).filter(([key]) => !WITHOUT_EFFECT.test(key));
  const shown = settings.map(([key, value]) =>
    shownInput(`machine setting ${key}`, textOf(resolveValue(value, values))),
  );
  const read = Object.fromEntries(settings.filter(([key]) => NAMES_FILES.test(key)));
  const { templateFolder } = values;
  const section = resolveValue({ type: builder.type, ...read }, values) as TemplateSection;
  const named = await namedFiles(section, { cwd: templateFolder, templateFolder });
  const files = await digestFiles(named.files, digests);
  return { inputs: [...factInputs(facts), ...shown, ...fileInputs(files)], files };
}

function factInputs(facts: MachineFacts): LayerInput[] {
  const { hostCpu } = facts;
  return [
    contentInput('base image', `${facts.baseFormat} ${facts.baseDigest}`),
    contentInput('user data', facts.userData),
    shownInput('accelerator', facts.accelerator),
    shownInput('processor model', facts.cpuModel),
    ...(hostCpu === undefined ? [] : [contentInput("host's processor", hostCpu)]),
    shownInput('QEMU', facts.qemuVersion),
    shownInput('Packer', facts.packerVersion),
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
