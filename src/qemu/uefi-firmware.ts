import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../system/files.ts';

/** UEFI for machines: files of its code, and of what it remembers. */
export interface UefiFirmware {
  readonly code: string;
  /** As they are at a machine's first start; each machine writes to a copy of its own. */
  readonly variables: string;
}

/** Where the package ovmf of Debian and Ubuntu has it; newer ones have the build of 4 MiB alone. */
export const UEFI_PLACES = [
  { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  { code: '/usr/share/OVMF/OVMF_CODE.fd', variables: '/usr/share/OVMF/OVMF_VARS.fd' },
] as const satisfies readonly UefiFirmware[];

/** The first UEFI that is installed, or undefined. */
export async function findUefiFirmware(
  places: readonly UefiFirmware[] = UEFI_PLACES,
): Promise<UefiFirmware | undefined> {
  for (const place of places) if ((await exists(place.code)) && (await exists(place.variables))) return place;
  return undefined;
}

/** The firmware of one machine, whose variables are a copy in this folder. */
export async function withOwnVariables(firmware: UefiFirmware, folder: string): Promise<UefiFirmware> {
  const variables = join(folder, 'uefi-variables.fd');
  await copyFile(firmware.variables, variables);
  return { ...firmware, variables };
}

/** QEMU's arguments: as two flash chips, since `-bios` takes multiples of 64 KiB alone, and the code is none. */
export function uefiArgs({ code, variables }: UefiFirmware): string[] {
  return [
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
  ];
}
