import { BuilderError } from '../errors.ts';

/** A kind of file that a disk can be written as. */
export interface DiskFormat {
  /** What users call it. */
  readonly name: string;
  readonly extension: string;
  /** QEMU's driver that writes and reads it. Always named: a file's content can be made to look like another's. */
  readonly driver: string;
  readonly creationOptions: readonly string[];
  /** Whether `qemu-img check` knows how to check it. */
  readonly checkable: boolean;
}

const FORMATS = [
  { name: 'qcow2', extension: 'qcow2', driver: 'qcow2', creationOptions: [], checkable: true },
  { name: 'raw', extension: 'raw', driver: 'raw', creationOptions: [], checkable: false },
  { name: 'vdi', extension: 'vdi', driver: 'vdi', creationOptions: [], checkable: true },
  {
    name: 'vhd',
    extension: 'vhd',
    driver: 'vpc',
    // Without force_size the size is rounded up to a whole number of cylinders, and the disks are not equal.
    creationOptions: ['subformat=dynamic', 'force_size=on'],
    checkable: false,
  },
  {
    name: 'vmdk',
    extension: 'vmdk',
    driver: 'vmdk',
    creationOptions: ['subformat=monolithicSparse'],
    checkable: true,
  },
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
