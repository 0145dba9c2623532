import { describe, expect, it } from 'vitest';
import { DISK_FORMATS } from '../images/formats.ts';
import { describeHardware, lookAlikeOf } from './look-alike.ts';
import { type ProofMachine, proofMachineArgs } from './machine-arguments.ts';

function machineFor(format: string, changes: Partial<ProofMachine> = {}): ProofMachine {
  return {
    lookAlike: lookAlikeOf(format),
    uefi: undefined,
    accelerator: 'tcg',
    cpus: 1,
    memoryBytes: 2048 * 1024 ** 2,
    overlay: '/images/a,b/disk.qcow2',
    userData: ['-drive', 'file=/run/drive.iso'],
    macAddress: '52:54:00:00:00:01',
    monitorSocket: '/run/qmp.sock',
    serialLog: '/run/serial.log',
    firmwareLog: '/run/firmware.log',
    ...changes,
  };
}

/** The devices of a machine, without their properties. */
function devices(format: string): readonly string[] {
  const argv = proofMachineArgs(machineFor(format));
  return argv.flatMap((word, index) => (argv[index - 1] === '-device' ? [word.split(',')[0] ?? ''] : []));
}

describe('each format meets hardware like its target', () => {
  it.each([
    ['qcow2', 'pc', ['virtio-blk-pci', 'virtio-net-pci']],
    ['vdi', 'q35', ['ich9-ahci', 'ide-hd', 'e1000']],
    ['vhd', 'pc', ['ide-hd', 'tulip']],
    ['vmdk', 'pc', ['pvscsi', 'scsi-hd', 'vmxnet3']],
    ['ova', 'pc', ['lsi53c895a', 'scsi-hd', 'vmxnet3']],
    ['raw', 'q35', ['nvme', 'e1000e']],
    ['vmdk-stream', 'q35', ['nvme', 'e1000e']],
    ['gce', 'q35', ['virtio-scsi-pci', 'scsi-hd', 'virtio-net-pci']],
  ])('%s', (format, chipset, expected) => {
    expect(devices(format).slice(-expected.length)).toEqual(expected);
    expect(proofMachineArgs(machineFor(format)).join(' ')).toContain(`-machine ${chipset},`);
  });

  it('knows every format that can be made', () => {
    const targets = DISK_FORMATS.map(({ name }) => [name, lookAlikeOf(name).target]);
    expect(Object.fromEntries(targets)).toEqual({
      qcow2: 'QEMU, libvirt, OpenStack',
      'qcow2-zstd': 'QEMU, libvirt, OpenStack',
      raw: 'Amazon EC2',
      'raw-zst': 'Amazon EC2',
      vdi: 'VirtualBox',
      vhd: 'Hyper-V, generation 1',
      'vhd-azure': 'Azure',
      vhdx: 'Hyper-V, generation 2',
      vmdk: 'VMware',
      'vmdk-stream': 'Amazon EC2',
      ova: 'VMware',
      gce: 'Google Compute Engine',
      'vagrant-libvirt': 'Vagrant with libvirt',
      'vagrant-virtualbox': 'Vagrant with VirtualBox',
    });
  });

  it('says which hardware it is', () => {
    expect(describeHardware(lookAlikeOf('vdi'), 'bios')).toBe(
      'VirtualBox: SATA disk (AHCI), Intel e1000, BIOS',
    );
    expect(describeHardware(lookAlikeOf('vhdx'), 'uefi')).toMatch(/^Hyper-V, generation 2: .*, UEFI$/);
  });
});

it('starts by UEFI when it is told so', () => {
  const uefi = { code: '/uefi/code.fd', variables: '/run/variables.fd' };
  expect(proofMachineArgs(machineFor('vhdx', { uefi })).join(' ')).toContain('file=/uefi/code.fd');
  expect(proofMachineArgs(machineFor('vhdx')).join(' ')).not.toContain('pflash');
});

it('keeps a comma in the path of the disk, and listens on the loopback address alone', () => {
  const line = proofMachineArgs(machineFor('qcow2')).join(' ');
  expect(line).toContain('file=/images/a,,b/disk.qcow2,format=qcow2');
  expect(line).toContain('hostfwd=tcp:127.0.0.1:0-:22');
});
