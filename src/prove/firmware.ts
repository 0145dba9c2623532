import { openBytes } from '../guest/open-guest.ts';
import { EFI_SYSTEM_TYPE, readPartitions } from '../guest/partitions/read-partitions.ts';
import { Scope } from '../system/scope.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { findUefiFirmware, type UefiFirmware } from '../qemu/uefi-firmware.ts';
import type { LookAlike } from './look-alike.ts';

/**
 * The UEFI that starts a disk on this hardware: only where the target has it, the disk has a partition for it, and it is
 * installed here. Without one it is BIOS, and `note` says why, though the target would take UEFI.
 */
export async function firmwareFor(
  lookAlike: LookAlike,
  disk: DiskFile,
  signal: AbortSignal,
): Promise<{ readonly uefi?: UefiFirmware; readonly note?: string }> {
  if (lookAlike.firmware === 'bios') return {};
  if (!(await hasEfiPartition(disk, signal))) {
    return { note: 'the disk has no partition for UEFI, so that it is started by BIOS' };
  }
  const uefi = await findUefiFirmware();
  if (uefi !== undefined) return { uefi };
  return { note: 'no UEFI firmware is installed (package ovmf), so that it is started by BIOS' };
}

async function hasEfiPartition(disk: DiskFile, signal: AbortSignal): Promise<boolean> {
  await using scope = new Scope();
  const bytes = await openBytes(scope, disk, signal);
  // A table that is damaged starts nothing by UEFI.
  const partitions = await readPartitions(bytes).catch(() => []);
  signal.throwIfAborted();
  return partitions.some(({ type }) => type === EFI_SYSTEM_TYPE);
}
