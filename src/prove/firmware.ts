import { openBytes } from '../guest/open-guest.ts';
import { EFI_SYSTEM_TYPE, readPartitions } from '../guest/partitions/read-partitions.ts';
import { exists } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import type { Firmware, LookAlike } from './look-alike.ts';
import { UEFI_FIRMWARE } from './machine-arguments.ts';

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
  const bytes = await openBytes(scope, disk, signal);
  // A table that is damaged starts nothing by UEFI.
  const partitions = await readPartitions(bytes).catch(() => []);
  signal.throwIfAborted();
  return partitions.some(({ type }) => type === EFI_SYSTEM_TYPE);
}
