/** How a machine's disk is attached, by what the guest's kernel finds. */
export type DiskController = 'virtio-blk' | 'virtio-scsi' | 'ahci' | 'ide' | 'pvscsi' | 'lsilogic' | 'nvme';
export type NetworkCard = 'virtio-net-pci' | 'e1000' | 'e1000e' | 'vmxnet3' | 'tulip';
export type Firmware = 'bios' | 'uefi';

/** Hardware of QEMU's that is like what a target gives its machines. */
export interface LookAlike {
  /** The target, for people. */
  readonly target: string;
  readonly chipset: 'pc' | 'q35';
  readonly controller: DiskController;
  readonly network: NetworkCard;
  /** `uefi`: where the disk has a partition for it, since the target starts others by BIOS. */
  readonly firmware: Firmware;
  /** Drivers of the target's own devices, where QEMU has none that are like them: the image must have them. */
  readonly drivers: readonly string[];
}

const KVM: LookAlike = {
  target: 'QEMU, libvirt, OpenStack',
  chipset: 'pc',
  controller: 'virtio-blk',
  network: 'virtio-net-pci',
  firmware: 'bios',
  drivers: [],
};
const VIRTUALBOX: LookAlike = {
  target: 'VirtualBox',
  chipset: 'q35',
  controller: 'ahci',
  network: 'e1000',
  firmware: 'bios',
  drivers: [],
};
const VMWARE: LookAlike = {
  target: 'VMware',
  chipset: 'pc',
  controller: 'pvscsi',
  network: 'vmxnet3',
  firmware: 'bios',
  drivers: ['mptspi', 'mptsas'],
};
const EC2: LookAlike = {
  target: 'Amazon EC2',
  chipset: 'q35',
  controller: 'nvme',
  network: 'e1000e',
  firmware: 'bios',
  drivers: ['ena'],
};
const HYPER_V_BUS = ['hv_vmbus', 'hv_storvsc', 'hv_netvsc'];
/** Its disk and network are on a bus of their own that QEMU lacks: virtio is as far from a PC's own devices. */
const HYPER_V_2: LookAlike = {
  target: 'Hyper-V, generation 2',
  chipset: 'q35',
  controller: 'virtio-scsi',
  network: 'virtio-net-pci',
  firmware: 'uefi',
  drivers: HYPER_V_BUS,
};

const LOOK_ALIKES: Readonly<Record<string, LookAlike>> = {
  qcow2: KVM,
  'qcow2-zstd': KVM,
  raw: EC2,
  'raw-zst': EC2,
  vdi: VIRTUALBOX,
  vhd: {
    target: 'Hyper-V, generation 1',
    chipset: 'pc',
    controller: 'ide',
    network: 'tulip',
    firmware: 'bios',
    drivers: HYPER_V_BUS,
  },
  'vhd-azure': { ...HYPER_V_2, target: 'Azure' },
  vhdx: HYPER_V_2,
  vmdk: VMWARE,
  'vmdk-stream': EC2,
  // As its OVF says.
  ova: { ...VMWARE, controller: 'lsilogic' },
  gce: {
    target: 'Google Compute Engine',
    chipset: 'q35',
    controller: 'virtio-scsi',
    network: 'virtio-net-pci',
    firmware: 'uefi',
    drivers: [],
  },
  'vagrant-libvirt': { ...KVM, target: 'Vagrant with libvirt' },
  'vagrant-virtualbox': { ...VIRTUALBOX, target: 'Vagrant with VirtualBox' },
};

/** The hardware that a format is proven on. */
export function lookAlikeOf(format: string): LookAlike {
  return LOOK_ALIKES[format] ?? KVM;
}

const CONTROLLER_NAMES: Readonly<Record<DiskController, string>> = {
  'virtio-blk': 'virtio disk',
  'virtio-scsi': 'virtio SCSI disk',
  ahci: 'SATA disk (AHCI)',
  ide: 'IDE disk',
  pvscsi: 'PVSCSI disk',
  lsilogic: 'LSI Logic disk',
  nvme: 'NVMe disk',
};
const NETWORK_NAMES: Readonly<Record<NetworkCard, string>> = {
  'virtio-net-pci': 'virtio network',
  e1000: 'Intel e1000',
  e1000e: 'Intel e1000e',
  vmxnet3: 'vmxnet3',
  tulip: 'DEC Tulip',
};

/** `VirtualBox: SATA disk (AHCI), Intel e1000, BIOS` */
export function describeHardware({ target, controller, network }: LookAlike, firmware: Firmware): string {
  return `${target}: ${CONTROLLER_NAMES[controller]}, ${NETWORK_NAMES[network]}, ${firmware === 'uefi' ? 'UEFI' : 'BIOS'}`;
}
