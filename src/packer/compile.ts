import type { Accelerator } from '../qemu/accelerator.ts';
import { accelerationArgs } from '../qemu/machine.ts';
import type { PackerTemplate, TemplateSection } from './template.ts';

/** What the compiled template adds to the plain one. */
export interface CompileOptions {
  /** The folder of the plain template: what `{{template_dir}}` meant there. */
  readonly templateFolder: string;
  readonly accelerator: Accelerator;
  /** Format of the base image, which becomes the backing file of the build's disk. */
  readonly baseFormat: string;
  /** Unix socket for a second control monitor; Packer keeps its own to itself. At most 107 bytes. */
  readonly monitorSocket: string;
  /** Where the disk is written, whatever the template says: the output is finished there. */
  readonly outputFolder: string;
  readonly diskName: string;
}

type QemuArgs = readonly (readonly string[])[];

/**
 * Makes the template that is really run out of the plain one, which stock Packer could build by itself. The machine and
 * the provisioners stay the same; what changes is what costs time: the base is a backing file instead of a copy, the
 * final copy is left to the conversion, the disk of a throw-away machine need not survive a power cut, nobody waits
 * for a boot menu, and QEMU gets arguments for speed. What the template says for itself is kept.
 */
export function compileTemplate(template: PackerTemplate, options: CompileOptions): PackerTemplate {
  const builders = template.builders.map((builder) =>
    builder.type === 'qemu' ? compileQemuBuilder(builder, options) : builder,
  );
  return resolveTemplateFolder({ ...template, builders }, options.templateFolder);
}

function compileQemuBuilder(builder: TemplateSection, options: CompileOptions): TemplateSection {
  const hasBootCommand = Array.isArray(builder['boot_command']) && builder['boot_command'].length > 0;
  return {
    disk_cache: 'unsafe',
    ...(hasBootCommand ? {} : { boot_wait: '-1s', disable_vnc: true }),
    ...(builder['disk_image'] === true ? backingFile(options.baseFormat) : {}),
    ...builder,
    output_directory: options.outputFolder,
    vm_name: options.diskName,
    qemuargs: addMissing(readQemuArgs(builder), qemuArgs(builder, options)),
  };
}

/** QEMU since 6.1 refuses a backing file whose format it must guess; Packer 1.6.6 does not tell it. */
function backingFile(format: string): Readonly<Record<string, unknown>> {
  return { use_backing_file: true, skip_compaction: true, qemu_img_args: { create: ['-F', format] } };
}

function qemuArgs(builder: TemplateSection, options: CompileOptions): QemuArgs {
  const { accel, cpu, machine, others } = accelerationArgs(options.accelerator);
  const type = typeof builder['machine_type'] === 'string' ? builder['machine_type'] : 'pc';
  return [
    // `-machine accel=` and `-accel` exclude each other, and Packer writes the former.
    ['-machine', [`type=${type}`, ...machine].join(',')],
    ['-accel', accel],
    ['-cpu', cpu],
    ...others,
    ['-qmp', `unix:${options.monitorSocket},server=on,wait=off`],
  ];
}

function readQemuArgs(builder: TemplateSection): QemuArgs {
  const args: unknown = builder['qemuargs'];
  return Array.isArray(args) ? (args as QemuArgs) : [];
}

function addMissing(own: QemuArgs, extra: QemuArgs): QemuArgs {
  const names = new Set(own.map(([name]) => name));
  return [...own, ...extra.filter(([name]) => !names.has(name))];
}

/** The compiled template lies elsewhere, so that the place of the plain one is written out in it. */
export function resolveTemplateFolder(template: PackerTemplate, folder: string): PackerTemplate {
  const quoted = JSON.stringify(folder).slice(1, -1);
  const text = JSON.stringify(template).replaceAll(/\{\{\s*template_dir\s*\}\}/g, () => quoted);
  return JSON.parse(text) as PackerTemplate;
}
