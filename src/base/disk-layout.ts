import { type DebianRecipe, recipeUuid } from './debian-recipe.ts';

export const SECTOR_BYTES = 512;
const MIB = 1024 ** 2;

/** A partition's place on the disk. */
export interface PartitionPlace {
  readonly startBytes: number;
  readonly sizeBytes: number;
}

/**
 * A disk that starts by BIOS and by UEFI. The partition numbers are those of Debian's own cloud images: the root
 * is number 1 but stands last, so that it can grow with the disk.
 */
export interface DiskLayout {
  readonly diskSizeBytes: number;
  readonly biosBoot: PartitionPlace;
  readonly efi: PartitionPlace;
  readonly root: PartitionPlace;
}

/** Places the partitions. Starts are whole MiB; the last MiB is left to the second copy of the partition table. */
export function planDiskLayout(diskSizeBytes: number): DiskLayout {
  const biosBoot = { startBytes: 1 * MIB, sizeBytes: 1 * MIB };
  const efi = { startBytes: 2 * MIB, sizeBytes: 64 * MIB };
  const rootStartBytes = efi.startBytes + efi.sizeBytes;
  const rootSizeBytes = Math.floor(diskSizeBytes / MIB) * MIB - rootStartBytes - MIB;
  if (rootSizeBytes < 512 * MIB)
    throw new RangeError(`a disk of ${diskSizeBytes} bytes is too small for Debian`);
  return { diskSizeBytes, biosBoot, efi, root: { startBytes: rootStartBytes, sizeBytes: rootSizeBytes } };
}

/** The sgdisk command that writes the partition table into a raw disk file. */
export function partitionArgs(layout: DiskLayout, recipe: DebianRecipe, diskFile: string): readonly string[] {
  const partition = (
    number: number,
    place: PartitionPlace,
    type: string,
    name: string,
  ): readonly string[] => {
    const first = place.startBytes / SECTOR_BYTES;
    const last = first + place.sizeBytes / SECTOR_BYTES - 1;
    return [
      `--new=${number}:${first}:${last}`,
      `--typecode=${number}:${type}`,
      `--change-name=${number}:${name}`,
      `--partition-guid=${number}:${recipeUuid(recipe, name)}`,
    ];
  };
  return [
    'sgdisk',
    '--clear',
    '--set-alignment=1',
    `--disk-guid=${recipeUuid(recipe, 'disk')}`,
    ...partition(14, layout.biosBoot, 'ef02', 'bios-boot'),
    ...partition(15, layout.efi, 'ef00', 'efi'),
    ...partition(1, layout.root, '8304', 'root'),
    diskFile,
  ];
}

/** The mkfs.ext4 command that makes the root file system, filled with a folder, at its place inside the disk file. */
export function fileSystemArgs(
  layout: DiskLayout,
  recipe: DebianRecipe,
  folder: string,
  diskFile: string,
): readonly string[] {
  return [
    'mkfs.ext4',
    '-q',
    '-F',
    '-L',
    'ROOT',
    '-U',
    recipeUuid(recipe, 'root-file-system'),
    '-m',
    '1',
    // GRUB 2.06 cannot read a file system with these two, which newer e2fsprogs turn on by themselves.
    '-O',
    '^metadata_csum_seed,^orphan_file',
    // Everything is written here, at the speed of this machine, and not by the guest at its first boot.
    '-E',
    `offset=${layout.root.startBytes},lazy_itable_init=0,lazy_journal_init=0,nodiscard`,
    '-d',
    folder,
    diskFile,
    `${layout.root.sizeBytes / 1024}k`,
  ];
}
