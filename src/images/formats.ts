import { BuilderError } from '../errors.ts';
import { type DiskOpener, driverOpener, gceOpener, memberOpener, rawZstOpener } from './disk-opener.ts';
import type { DiskWriter } from './disk-writer.ts';
import { gceWriter } from './gce-writer.ts';
import { ovaWriter } from './ova/ova-writer.ts';
import { qemuImgWriter } from './qemu-img-writer.ts';
import { rawZstWriter } from './raw-zst-writer.ts';
import { libvirtBoxWriter } from './vagrant/libvirt-box-writer.ts';
import { virtualboxBoxWriter } from './vagrant/virtualbox-box-writer.ts';
import { streamVmdkWriter } from './vmdk/stream-vmdk-writer.ts';

/** A kind of file that a disk can be written as. */
export interface DiskFormat {
  /** What users call it. */
  readonly name: string;
  readonly extension: string;
  /** Where it is meant to go, for people. */
  readonly target: string;
  /** What becomes of the disk's size, and how large the file is, for people. */
  readonly size: string;
  /** How the file is proven besides the comparison with its source, for people. */
  readonly check: string;
  /** Writes a disk as a file of this format. */
  readonly write: DiskWriter;
  /** Finds the disk in a file of this format. */
  readonly open: DiskOpener;
  /** The disk is filled up with zeros to a multiple of this; its size is kept when left out. */
  readonly sizeStepBytes?: number;
}

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;
const QEMU_CHECK = 'qemu-img check';
const QEMU_CHECK_INSIDE = 'qemu-img check of the disk inside';

const FORMATS = [
  {
    name: 'qcow2',
    extension: 'qcow2',
    target: 'QEMU, libvirt, OpenStack, Proxmox',
    size: 'grows with its data',
    check: QEMU_CHECK,
    write: qemuImgWriter('qcow2', { checkable: true }),
    open: driverOpener('qcow2'),
  },
  {
    name: 'qcow2-zstd',
    extension: 'zstd.qcow2',
    target: 'the same, QEMU 5.1 or newer',
    size: 'compressed',
    check: QEMU_CHECK,
    write: qemuImgWriter('qcow2', {
      creationOptions: ['compression_type=zstd'],
      compressed: true,
      checkable: true,
    }),
    open: driverOpener('qcow2'),
  },
  {
    name: 'raw',
    extension: 'raw',
    target: 'anything, dd',
    size: 'the whole disk, with holes',
    check: '',
    write: qemuImgWriter('raw'),
    open: driverOpener('raw'),
  },
  {
    name: 'raw-zst',
    extension: 'raw.zst',
    target: 'anything, by zstd -d',
    size: 'compressed',
    check: 'unpacked by zstd',
    write: rawZstWriter,
    open: rawZstOpener,
  },
  {
    name: 'vdi',
    extension: 'vdi',
    target: 'VirtualBox',
    size: 'grows with its data',
    check: QEMU_CHECK,
    write: qemuImgWriter('vdi', { checkable: true }),
    open: driverOpener('vdi'),
  },
  {
    name: 'vhd',
    extension: 'vhd',
    target: 'Hyper-V, generation 1',
    size: 'grows with its data; exact size',
    check: '',
    // Without force_size the size is rounded up to a whole number of cylinders, and the disks are not equal.
    write: qemuImgWriter('vpc', { creationOptions: ['subformat=dynamic', 'force_size=on'] }),
    open: driverOpener('vpc'),
  },
  {
    name: 'vhd-azure',
    extension: 'azure.vhd',
    target: 'Azure',
    size: 'the whole disk, with holes; in full MiB',
    check: '',
    // Azure takes no other: fixed, a whole number of MiB, and exactly so long as its footer says.
    write: qemuImgWriter('vpc', { creationOptions: ['subformat=fixed', 'force_size=on'] }),
    open: driverOpener('vpc'),
    sizeStepBytes: MEBIBYTE,
  },
  {
    name: 'vhdx',
    extension: 'vhdx',
    target: 'Hyper-V, generations 1 and 2',
    size: 'grows with its data',
    check: QEMU_CHECK,
    write: qemuImgWriter('vhdx', { creationOptions: ['subformat=dynamic'], checkable: true }),
    open: driverOpener('vhdx'),
  },
  {
    name: 'vmdk',
    extension: 'vmdk',
    target: 'VMware Workstation, Fusion',
    size: 'grows with its data',
    check: QEMU_CHECK,
    // QEMU writes it 64 KiB at a time, tables in between, each when the one before is done (decision 0012).
    write: qemuImgWriter('vmdk', {
      creationOptions: ['subformat=monolithicSparse'],
      onOneProcessor: true,
      checkable: true,
    }),
    open: driverOpener('vmdk'),
  },
  {
    name: 'vmdk-stream',
    extension: 'stream.vmdk',
    target: 'import into EC2; inside of an OVF',
    size: 'compressed',
    check: QEMU_CHECK,
    write: streamVmdkWriter,
    open: driverOpener('vmdk'),
  },
  {
    name: 'ova',
    extension: 'ova',
    target: 'vSphere, ESXi 6.5 and newer, VirtualBox',
    size: 'compressed',
    check: QEMU_CHECK_INSIDE,
    write: ovaWriter,
    open: memberOpener('vmdk', /\.vmdk$/),
  },
  {
    name: 'gce',
    extension: 'tar.gz',
    target: 'Google Compute Engine',
    size: 'compressed; in full GiB',
    check: 'unpacked by GNU tar',
    write: gceWriter,
    open: gceOpener,
    sizeStepBytes: GIBIBYTE,
  },
  {
    name: 'vagrant-libvirt',
    extension: 'libvirt.box',
    target: 'Vagrant with libvirt',
    size: 'compressed',
    check: QEMU_CHECK_INSIDE,
    write: libvirtBoxWriter,
    open: memberOpener('qcow2', /^box\.img$/),
  },
  {
    name: 'vagrant-virtualbox',
    extension: 'virtualbox.box',
    target: 'Vagrant with VirtualBox',
    size: 'compressed',
    check: QEMU_CHECK_INSIDE,
    write: virtualboxBoxWriter,
    open: memberOpener('vmdk', /\.vmdk$/),
  },
] as const satisfies readonly DiskFormat[];

/** The formats of a build when nothing is said: the original's. */
export const DEFAULT_FORMATS = 'qcow2,vdi,vhd,vmdk';

/** Every format that a disk can be written as, in the order in which they are listed. */
export const DISK_FORMATS: readonly DiskFormat[] = FORMATS;

const FORMAT_NAMES = DISK_FORMATS.map(({ name }) => name).join(', ');

/**
 * Reads `vdi,vhd,vmdk` as formats, each once, in the order given; case and blanks do not matter.
 * Fails with `format-unknown`, also for an empty list.
 */
export function parseFormats(list: string): readonly DiskFormat[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  if (names.every((name) => name === '')) {
    throw new BuilderError('format-unknown', 'no format is given', { hint: `choose from: ${FORMAT_NAMES}` });
  }
  return [...new Set(names.filter((name) => name !== ''))].map(formatNamed);
}

/** The format whose extension a file's name has: the longest that fits, `.azure.vhd` before `.vhd`. */
export function formatOfFile(file: string): DiskFormat | undefined {
  const fitting = DISK_FORMATS.filter(({ extension }) => file.toLowerCase().endsWith(`.${extension}`));
  return fitting.sort((a, b) => b.extension.length - a.extension.length)[0];
}

/** The format of this name. Fails with `format-unknown`. */
export function formatNamed(name: string): DiskFormat {
  const format = DISK_FORMATS.find((known) => known.name === name);
  if (format !== undefined) return format;
  throw new BuilderError('format-unknown', `format ${JSON.stringify(name)} is not known`, {
    hint: `choose from: ${FORMAT_NAMES}`,
  });
}

/** The size that a disk has in a format. */
export function sizeInFormat({ sizeStepBytes = 1 }: DiskFormat, sizeBytes: number): number {
  return Math.ceil(sizeBytes / sizeStepBytes) * sizeStepBytes;
}
