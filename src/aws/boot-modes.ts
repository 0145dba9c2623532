import { BuilderError } from '../errors.ts';

/** How an instance starts, in the words of EC2. */
export type BootMode = 'legacy-bios' | 'uefi' | 'uefi-preferred';

export const BOOT_MODES: readonly BootMode[] = ['legacy-bios', 'uefi', 'uefi-preferred'];

/** By which firmware a disk can be started, as far as its partition table tells. */
export interface Startable {
  readonly bios: boolean;
  readonly uefi: boolean;
}

/** As much of a disk's beginning as `startableBy` looks at: the tables of 128 partitions. */
export const DISK_HEAD_BYTES = 64 * 1024;

const SECTOR_BYTES = 512;
const BOOT_CODE_BYTES = 440;
const MBR_TABLE = 446;
const MBR_ENTRIES = 4;
const MBR_ENTRY_BYTES = 16;
const MBR_EFI_SYSTEM = 0xef;
/** C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it stands in a GPT. */
const GPT_EFI_SYSTEM = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

/**
 * Finds out by which firmware a disk can be started: by BIOS when there is code in its first sector, by UEFI when it has an
 * EFI system partition. What is in that partition is not looked at.
 */
export function startableBy(head: Buffer): Startable {
  const isMbr = head.length >= SECTOR_BYTES && head.readUInt16LE(SECTOR_BYTES - 2) === 0xaa55;
  const hasCode = isMbr && head.subarray(0, BOOT_CODE_BYTES).some((byte) => byte !== 0);
  return { bios: hasCode, uefi: isMbr && (hasGptSystem(head) || hasMbrSystem(head)) };
}

function hasMbrSystem(head: Buffer): boolean {
  const places = Array.from({ length: MBR_ENTRIES }, (_, place) => MBR_TABLE + place * MBR_ENTRY_BYTES);
  return places.some((place) => head[place + 4] === MBR_EFI_SYSTEM);
}

function hasGptSystem(head: Buffer): boolean {
  const header = head.subarray(SECTOR_BYTES, 2 * SECTOR_BYTES);
  if (header.length < SECTOR_BYTES || header.toString('latin1', 0, 8) !== 'EFI PART') return false;
  const start = Number(header.readBigUInt64LE(72)) * SECTOR_BYTES;
  const entryBytes = header.readUInt32LE(84);
  if (entryBytes < 128) return false;
  for (let entry = 0; entry < header.readUInt32LE(80); entry += 1) {
    const type = head.subarray(
      start + entry * entryBytes,
      start + entry * entryBytes + GPT_EFI_SYSTEM.length,
    );
    if (type.length < GPT_EFI_SYSTEM.length) return false;
    if (type.equals(GPT_EFI_SYSTEM)) return true;
  }
  return false;
}

/**
 * The boot mode of an image of this disk: the one that was asked for, or the one with most instance types. Fails with
 * `disk-unbootable` when the disk cannot be started so.
 */
export function chooseBootMode({ bios, uefi }: Startable, asked?: BootMode): BootMode {
  if (!bios && !uefi) {
    throw unbootable('the disk cannot be started: no boot code in its first sector, no EFI system partition');
  }
  // An image that prefers UEFI is started by BIOS where an instance type has none.
  const best = bios && uefi ? 'uefi-preferred' : uefi ? 'uefi' : 'legacy-bios';
  if (asked === undefined) return best;
  if (asked !== 'legacy-bios' && !uefi) {
    throw unbootable(`the disk cannot be started as ${asked}: it has no EFI system partition`);
  }
  if (asked !== 'uefi' && !bios) {
    throw unbootable(`the disk cannot be started as ${asked}: it has no boot code in its first sector`);
  }
  return asked;
}

function unbootable(message: string): BuilderError {
  return new BuilderError('disk-unbootable', message, {
    hint: 'leave --boot-mode out to take what the disk can, or give a disk that starts so',
  });
}
