import type { GuestFile } from './guest-file.ts';
import {
  FALLBACK_NETPLAN,
  GRUB_SETTINGS,
  LINK_POLICY,
  PINNED_NETPLAN_PATH,
  UDEV_RULES,
} from './interface-names.ts';
import { UPDATE_UNITS } from './update-units.ts';
import { yamlText } from './yaml-text.ts';

/** Families that read a cloud-config: CoreOS by coreos-cloudinit, which knows only a part of it, the others by cloud-init. */
export type CloudConfigFamily = 'coreos' | 'debian' | 'ubuntu' | 'embedded';

/** The `#cloud-config` for a family: the key for its default user, eth0 everywhere, nothing that disturbs a build. */
export function cloudConfig(family: CloudConfigFamily, publicKey: string): string {
  const settings = { ssh_authorized_keys: [publicKey], ...FAMILY_SETTINGS[family] };
  return `#cloud-config\n${yamlText(settings)}`;
}

const GIVEN_DEBIAN = {
  // Their timers fire at the first boot of an old image, and hold apt's lock while the roles want it. For this boot
  // only: the image's own updates stay as they are.
  bootcmd: [['systemctl', 'mask', '--runtime', 'apt-daily.service', 'apt-daily-upgrade.service']],
  write_files: [GRUB_SETTINGS, FALLBACK_NETPLAN].map(writtenFile),
  // They act from the next boot on. No new initramfs: the kernel's argument holds in there too.
  runcmd: [['rm', '-f', PINNED_NETPLAN_PATH], ['update-grub']],
};

const FAMILY_SETTINGS: Readonly<Record<CloudConfigFamily, object>> = {
  coreos: {
    write_files: [UDEV_RULES, LINK_POLICY].map(writtenFile),
    coreos: { units: UPDATE_UNITS.coreos.map((name) => ({ name, mask: true, command: 'stop' })) },
  },
  debian: GIVEN_DEBIAN,
  ubuntu: GIVEN_DEBIAN,
  // Made with the kernel's arguments from the start.
  embedded: {},
};

function writtenFile({ path, mode, content }: GuestFile): object {
  return { path, owner: 'root:root', permissions: mode.toString(8).padStart(4, '0'), content };
}
