import { BALLOON_ID } from '../qemu/balloon.ts';
import type { PackerTemplate, TemplateSection } from './template.ts';
import { type BuilderProvisioner, MACHINE_LAYER } from './provisioners.ts';

/** How one run of Packer goes through its layers. */
export interface LayeredRun {
  /** Name of the builder whose machine has layers; the others run all their provisioners as they stand. */
  readonly builder: string;
  readonly provisioners: readonly BuilderProvisioner[];
  /** How many of them are in the layer that the machine resumes from; undefined: it boots. */
  readonly cached: number | undefined;
  /** The file that the machine writes to from its start. */
  readonly diskPath: string;
  /** The memory that it resumes with. */
  readonly memoryPath: string | undefined;
  /** What Packer's own disk stands on, when the machine writes to that from its start; otherwise the base image. */
  readonly packerBasePath: string | undefined;
  /** Unix socket on which the build waits for Packer to reach a place. */
  readonly socketPath: string;
}

/** Where Packer stops in a resumed machine, before the first provisioner; no layer has such a name. */
export const AWAKE_PLACE = '(awake)';

/** The block device of the machine, as its monitor knows it. */
export const DISK_ID = 'drive0';

/**
 * Puts a stop behind each layer of the (already compiled) template, leaves out what the resumed layer holds, and lets
 * the machine resume instead of boot. Pure; Packer's own way to number the disk is kept.
 */
export function compileLayers(template: PackerTemplate, layered: LayeredRun): PackerTemplate {
  const builders = template.builders.map((section) =>
    (section.name ?? section.type) === layered.builder ? layeredBuilder(section, layered) : section,
  );
  return { ...template, builders, provisioners: layeredProvisioners(template, layered) };
}

function layeredBuilder(section: TemplateSection, layered: LayeredRun): TemplateSection {
  const args = Array.isArray(section['qemuargs']) ? (section['qemuargs'] as string[][]) : [];
  const { memoryPath } = layered;
  return {
    ...section,
    ...(memoryPath === undefined ? {} : NO_BOOT),
    ...(layered.packerBasePath === undefined ? {} : packerBase(layered.packerBasePath)),
    qemuargs: [
      ...args,
      ['-drive', driveArgument(section, layered.diskPath)],
      ...(args.some(([name]) => name === '-device') ? [] : packerDevices(section)),
      // The guest's kernel takes fresh randomness when this number changes: two machines of one layer must not share keys.
      ['-device', 'vmgenid,guid=auto'],
      // Takes cached files out of the guest's memory before it is saved.
      ['-device', `virtio-balloon-pci,id=${BALLOON_ID},deflate-on-oom=on`],
      ...(memoryPath === undefined ? [] : [['-incoming', `exec:zstd -dc '${memoryPath}'`]]),
    ],
  };
}

/**
 * A machine that resumes has nobody to type at a boot menu for. Its memory is read in a moment: Packer's first connection,
 * if it came before, would be answered 6 s later only (`qemu/open-when-answering.ts`).
 */
const NO_BOOT = { boot_wait: '2s', boot_command: [], pause_before_connecting: '0s' };

function packerBase(path: string): Readonly<Record<string, unknown>> {
  return { iso_url: path, iso_urls: [], iso_checksum: 'none', qemu_img_args: { create: ['-F', 'qcow2'] } };
}

/** What Packer 1.6.6 gives the machine itself as long as the template says nothing of devices. */
function packerDevices(section: TemplateSection): string[][] {
  const network = ['-device', `${textOr(section['net_device'], 'virtio-net')},netdev=user.0`];
  if (section['disk_interface'] !== 'virtio-scsi') return [network];
  return [
    network,
    ['-device', 'virtio-scsi-pci,id=scsi0'],
    ['-device', `scsi-hd,bus=scsi0.0,drive=${DISK_ID}`],
  ];
}

/** What Packer 1.6.6 writes for its one disk, with an id for the monitor. */
function driveArgument(section: TemplateSection, path: string): string {
  const bus = textOr(section['disk_interface'], 'virtio');
  return [
    `file=${path.replaceAll(',', ',,')}`,
    `if=${bus === 'virtio-scsi' ? 'none' : bus}`,
    `id=${DISK_ID}`,
    `cache=${textOr(section['disk_cache'], 'unsafe')}`,
    `discard=${textOr(section['disk_discard'], 'ignore')}`,
    `detect-zeroes=${textOr(section['disk_detect_zeroes'], 'off')}`,
    'format=qcow2',
  ].join(',');
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' && value !== '' ? value : otherwise;
}

function layeredProvisioners(template: PackerTemplate, layered: LayeredRun): TemplateSection[] {
  const { builder, provisioners, cached } = layered;
  const own = new Map(provisioners.map((provisioner, place) => [provisioner.index, { provisioner, place }]));
  const begin = cached === undefined ? [stop(layered, MACHINE_LAYER)] : resumption(layered);
  const rest = (template.provisioners ?? []).flatMap((section, index) => {
    const found = own.get(index);
    if (found === undefined) return [section];
    if (found.place < (cached ?? 0)) return exceptIn(section, builder, template);
    return found.provisioner.isLayer ? [section, stop(layered, found.provisioner.name)] : [section];
  });
  return [...begin, ...rest];
}

/** Waits until the build has done what it does at this place: a failure there ends Packer's build. */
function stop({ builder, socketPath }: LayeredRun, place: string): TemplateSection {
  return {
    type: 'shell-local',
    only: [builder],
    // Packer's own templates would begin in a name with braces; names are encoded.
    inline: [
      `curl --silent --show-error --fail --unix-socket '${socketPath}' 'http://localhost/layer/${encodeURIComponent(place)}'`,
    ],
  };
}

/**
 * A machine that was saved believes that no time has passed. The hardware clock, which QEMU keeps on the host's time,
 * knows better.
 */
function resumption(layered: LayeredRun): TemplateSection[] {
  const clock = { type: 'shell', only: [layered.builder], inline: SET_CLOCK };
  return [clock, stop(layered, AWAKE_PLACE)];
}

const SET_CLOCK = [
  'now=$(cat /sys/class/rtc/rtc0/since_epoch)',
  'if [ "$(id -u)" = 0 ]; then date -u -s "@$now" >/dev/null; else sudo -n date -u -s "@$now" >/dev/null; fi',
];

/** A provisioner that one builder has in its layer still runs in the others, if there are any. */
function exceptIn(section: TemplateSection, builder: string, template: PackerTemplate): TemplateSection[] {
  const only = Array.isArray(section['only']) ? section['only'].map(String) : [];
  const others = template.builders.map(({ name, type }) => name ?? type).filter((name) => name !== builder);
  const left = only.length > 0 ? only.filter((name) => name !== builder) : others;
  const { except, ...rest } = section;
  const excluded = Array.isArray(except) ? except.map(String) : [];
  const names = left.filter((name) => !excluded.includes(name));
  return names.length === 0 ? [] : [{ ...rest, only: names }];
}
