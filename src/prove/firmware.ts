import { exists } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { openDisk } from '../qemu/nbd-server.ts';
import type { Firmware, LookAlike } from './look-alike.ts';
import { UEFI_FIRMWARE } from './machine-arguments.ts';

const SECTOR_BYTES = 512;
/** UEFI specification, 5.3.2: the header is in the second sector, the entries mostly from the third on. */
const GPT_SIGNATURE = 'EFI PART';
const FIRST_ENTRY_BYTES = 2 * SECTOR_BYTES;
const ENTRIES_BYTES = 128 * 128;
/** The type of an EFI system partition, C12A7328-F81F-11D2-BA4B-00A0C93EC93B, as its bytes lie on the disk. */
const EFI_SYSTEM_TYPE = Buffer.from('28732ac11ff8d211ba4b00a0c93ec93b', 'hex');

/**
 * The firmware that starts a disk on this hardware: UEFI only where the target has it, the disk has a partition for it, and
 * the firmware is installed here; `note` says why it is BIOS though the target would take UEFI.
 */
export async function firmwareFor(
  lookAlike: LookAlike,
  disk: DiskFile,
  signal: AbortSignal,
): Promise<{ readonly firmware: Firmware; readonly note?: string }> {
  if (lookAlike.firmware === 'bios') return { firmware: 'bios' };
  if (!(await hasEfiPartition(disk, signal))) {
    return { firmware: 'bios', note: 'the disk has no partition for UEFI, so that it is started by BIOS' };
  }
  if (await exists(UEFI_FIRMWARE)) return { firmware: 'uefi' };
  const note = `${UEFI_FIRMWARE} is not installed (package ovmf), so that it is started by BIOS`;
  return { firmware: 'bios', note };
}

async function hasEfiPartition(disk: DiskFile, signal: AbortSignal): Promise<boolean> {
  await using scope = new Scope();
  const reader = await openDisk(scope, disk, signal);
  if (reader.sizeBytes < FIRST_ENTRY_BYTES + ENTRIES_BYTES) return false;
  const header = Buffer.alloc(SECTOR_BYTES);
  await reader.read(SECTOR_BYTES, header);
  if (header.toString('latin1', 0, GPT_SIGNATURE.length) !== GPT_SIGNATURE) return false;
  const entries = Buffer.alloc(ENTRIES_BYTES);
  await reader.read(FIRST_ENTRY_BYTES, entries);
  for (let place = 0; place < entries.length; place += 128) {
    if (entries.subarray(place, place + EFI_SYSTEM_TYPE.length).equals(EFI_SYSTEM_TYPE)) return true;
  }
  return false;
}
