import { type DebianRecipe, recipeUuid } from './debian-recipe.ts';
import { SECTOR_BYTES } from './disk-layout.ts';

/** Where GRUB's boot sector ends and the partition table of the protective MBR begins. */
const MBR_TABLE_OFFSET = 440;
/** Offsets inside boot.img, as in GRUB's include/grub/i386/pc/boot.h. */
const KERNEL_SECTOR_OFFSET = 0x5c;
const DRIVE_CHECK_OFFSET = 0x66;
/** The first block list of core.img: the last 12 bytes of its first sector (GRUB's grub_pc_bios_boot_blocklist). */
const BLOCK_LIST_OFFSET = SECTOR_BYTES - 12;
/** The segment at which core.img's second sector is loaded (GRUB_BOOT_MACHINE_KERNEL_SEG + one sector). */
const CORE_SEGMENT = 0x820;

/**
 * GRUB's boot sector for a hard disk: it loads `coreSector`. The partition table that `diskSector` (the disk's
 * first sector) has is kept. What grub-install does, for a disk that is a file.
 */
export function bootSector(bootImage: Buffer, diskSector: Buffer, coreSector: number): Buffer {
  if (bootImage.length !== SECTOR_BYTES)
    throw new RangeError(`boot.img has ${bootImage.length} bytes, not 512`);
  const sector = Buffer.from(bootImage);
  diskSector.copy(sector, MBR_TABLE_OFFSET, MBR_TABLE_OFFSET, SECTOR_BYTES - 2);
  sector.writeBigUInt64LE(BigInt(coreSector), KERNEL_SECTOR_OFFSET);
  // Two NOPs: some BIOSes do not pass the number of a hard disk, and GRUB then takes the first one.
  sector.writeUInt16LE(0x9090, DRIVE_CHECK_OFFSET);
  return sector;
}

/** GRUB's core.img with the place of its own rest written into it: it stands in one piece from `coreSector` on. */
export function placedCore(coreImage: Buffer, coreSector: number, roomBytes: number): Buffer {
  if (coreImage.length > roomBytes) {
    throw new RangeError(
      `core.img has ${coreImage.length} bytes, more than the ${roomBytes} of its partition`,
    );
  }
  const sectors = Math.ceil(coreImage.length / SECTOR_BYTES);
  const core = Buffer.alloc(sectors * SECTOR_BYTES);
  coreImage.copy(core);
  core.writeBigUInt64LE(BigInt(coreSector + 1), BLOCK_LIST_OFFSET);
  core.writeUInt16LE(sectors - 1, BLOCK_LIST_OFFSET + 8);
  core.writeUInt16LE(CORE_SEGMENT, BLOCK_LIST_OFFSET + 10);
  return core;
}

/** What GRUB does before it has a file system: it finds the root, and goes on with the guest's own grub.cfg. */
export function earlyGrubConfig(recipe: DebianRecipe): string {
  const uuid = recipeUuid(recipe, 'root-file-system');
  return `search.fs_uuid ${uuid} root\nset prefix=($root)/boot/grub\n`;
}

/** The first grub.cfg; the guest's update-grub writes its own in its place when a kernel is upgraded. */
export function grubConfig(recipe: DebianRecipe): string {
  const uuid = recipeUuid(recipe, 'root-file-system');
  return `# Made together with the disk; update-grub writes its own file in its place.
serial --unit=0 --speed=115200
terminal_input console serial
terminal_output console serial
set default=0
set timeout_style=hidden
set timeout=1
menuentry 'Debian GNU/Linux' {
  search --no-floppy --fs-uuid --set=root ${uuid}
  linux /vmlinuz root=UUID=${uuid} ro ${recipe.kernelArguments}
  initrd /initrd.img
}
`;
}

/** /etc/default/grub, from which update-grub makes an equal menu. */
export function grubDefaults(recipe: DebianRecipe): string {
  return `GRUB_DEFAULT=0
GRUB_TIMEOUT=1
GRUB_TIMEOUT_STYLE=hidden
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX="${recipe.kernelArguments}"
GRUB_TERMINAL="console serial"
GRUB_SERIAL_COMMAND="serial --unit=0 --speed=115200"
GRUB_DISABLE_OS_PROBER=true
`;
}
