import type { Accelerator } from '../qemu/accelerator.ts';
import { machineTypeArgs } from '../qemu/machine.ts';
import { type UefiFirmware, uefiArgs } from '../qemu/uefi-firmware.ts';
import type { DiskController, LookAlike } from './look-alike.ts';

/** A machine to start. Paths hold no commas, which end QEMU's values, but for the overlay's. */
export interface ProofMachine {
  readonly lookAlike: LookAlike;
  /** The machine's own; undefined: it starts by BIOS. */
  readonly uefi: UefiFirmware | undefined;
  readonly accelerator: Accelerator;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** A qcow2 that may be written to. */
  readonly overlay: string;
  /** The arguments that hand over its user data. */
  readonly userData: readonly string[];
  readonly macAddress: string;
  readonly monitorSocket: string;
  readonly serialLog: string;
  /** What SeaBIOS says, which no console shows. */
  readonly firmwareLog: string;
}

const DISK_DEVICES: Readonly<Record<DiskController, readonly string[]>> = {
  'virtio-blk': ['virtio-blk-pci,drive=disk'],
  'virtio-scsi': ['virtio-scsi-pci,id=scsi', 'scsi-hd,bus=scsi.0,drive=disk'],
  ahci: ['ich9-ahci,id=sata', 'ide-hd,bus=sata.0,drive=disk'],
  ide: ['ide-hd,bus=ide.0,drive=disk'],
  pvscsi: ['pvscsi,id=scsi', 'scsi-hd,bus=scsi.0,drive=disk'],
  // The nearest to LSI Logic's parallel controller that QEMU has.
  lsilogic: ['lsi53c895a,id=scsi', 'scsi-hd,bus=scsi.0,drive=disk'],
  nvme: ['nvme,serial=disk,drive=disk'],
};

/** The port where SeaBIOS writes its log (its docs/Debugging). */
const SEABIOS_DEBUG_PORT = '0x402';

/** QEMU's argument vector for a machine like a target's, with nothing of QEMU's own defaults in it. */
export function proofMachineArgs(machine: ProofMachine): string[] {
  const { lookAlike, uefi, accelerator, cpus, memoryBytes } = machine;
  return [
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config'],
    ...machineTypeArgs(lookAlike.chipset, accelerator),
    ...['-smp', `${cpus}`, '-m', `${Math.floor(memoryBytes / 1024 ** 2)}M`],
    ...(uefi === undefined ? [] : uefiArgs(uefi)),
    ...['-display', 'none', '-device', 'VGA'],
    ...['-chardev', `file,id=serial,path=${machine.serialLog}`, '-serial', 'chardev:serial'],
    ...['-chardev', `file,id=firmware,path=${machine.firmwareLog}`],
    ...['-device', `isa-debugcon,iobase=${SEABIOS_DEBUG_PORT},chardev=firmware`],
    ...['-qmp', `unix:${machine.monitorSocket},server=on,wait=off`],
    // What it writes is thrown away: no flush need reach the host's disk.
    ...[
      '-drive',
      `file=${machine.overlay.replaceAll(',', ',,')},format=qcow2,if=none,id=disk,cache=unsafe,discard=unmap`,
    ],
    ...DISK_DEVICES[lookAlike.controller].flatMap((device) => ['-device', device]),
    // A port that nobody has; the monitor tells which.
    ...['-netdev', 'user,id=net,hostfwd=tcp:127.0.0.1:0-:22'],
    ...['-device', `${lookAlike.network},netdev=net,mac=${machine.macAddress}`],
    ...machine.userData,
  ];
}
