import { BuilderError } from '../errors.ts';
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
  /** Writes a disk as a file of this format. */
  readonly write: DiskWriter;
  /** The disk is filled up with zeros to a multiple of this; its size is kept when left out. */
  readonly sizeStepBytes?: number;
}

const MEBIBYTE = 1024 ** 2;
const GIBIBYTE = 1024 ** 3;

const FORMATS = [
  { name: 'qcow2', extension: 'qcow2', write: qemuImgWriter('qcow2', { checkable: true }) },
  {
    name: 'qcow2-zstd',
    extension: 'zstd.qcow2',
    write: qemuImgWriter('qcow2', {
      creationOptions: ['compression_type=zstd'],
      compressed: true,
      checkable: true,
    }),
  },
  { name: 'raw', extension: 'raw', write: qemuImgWriter('raw') },
  { name: 'raw-zst', extension: 'raw.zst', write: rawZstWriter },
  { name: 'vdi', extension: 'vdi', write: qemuImgWriter('vdi', { checkable: true }) },
  {
    name: 'vhd',
    extension: 'vhd',
    // Without force_size the size is rounded up to a whole number of cylinders, and the disks are not equal.
    write: qemuImgWriter('vpc', { creationOptions: ['subformat=dynamic', 'force_size=on'] }),
  },
  {
    name: 'vhd-azure',
    extension: 'azure.vhd',
    // Azure takes no other: fixed, a whole number of MiB, and exactly so long as its footer says.
    write: qemuImgWriter('vpc', { creationOptions: ['subformat=fixed', 'force_size=on'] }),
    sizeStepBytes: MEBIBYTE,
  },
  {
    name: 'vhdx',
    extension: 'vhdx',
    write: qemuImgWriter('vhdx', { creationOptions: ['subformat=dynamic'], checkable: true }),
  },
  {
    name: 'vmdk',
    extension: 'vmdk',
    write: qemuImgWriter('vmdk', { creationOptions: ['subformat=monolithicSparse'], checkable: true }),
  },
  { name: 'vmdk-stream', extension: 'stream.vmdk', write: streamVmdkWriter },
  { name: 'ova', extension: 'ova', write: ovaWriter },
  { name: 'gce', extension: 'tar.gz', write: gceWriter, sizeStepBytes: GIBIBYTE },
  { name: 'vagrant-libvirt', extension: 'libvirt.box', write: libvirtBoxWriter },
  { name: 'vagrant-virtualbox', extension: 'virtualbox.box', write: virtualboxBoxWriter },
] as const satisfies readonly DiskFormat[];

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

function formatNamed(name: string): DiskFormat {
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
