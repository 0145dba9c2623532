import type { UserData } from './user-data.ts';

/** The arguments that hand a written user data file to QEMU: a CD-ROM, or a blob for Ignition. */
export function qemuArguments(data: UserData, file: string): string[] {
  // A comma ends an option's value, unless it is doubled.
  const path = file.replaceAll(',', ',,');
  if (data.kind === 'ignition') return ['-fw_cfg', `name=${data.fwCfgName},file=${path}`];
  // The place of QEMU's own CD-ROM, beside a disk on the same controller.
  return ['-drive', `file=${path},format=raw,media=cdrom,index=2,readonly=on`];
}
