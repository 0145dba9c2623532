import type { GuestFile } from './guest-file.ts';

/*
 * An image has to find its network card under the same name on every platform, so predictable names (ens3 under KVM,
 * ens192 under VMware, enp0s3 under VirtualBox) are turned off, and the first card is eth0 everywhere.
 */

/** Kernel arguments that leave the kernel's own names alone, already in the initramfs, where udev files come too late. */
export const KERNEL_ARGUMENTS = ['net.ifnames=0', 'biosdevname=0'] as const;

/**
 * Takes the place of systemd's rules file of the same name, the one that renames cards. As in the original system it
 * holds a rule that matches no card. It takes all .link files out of action.
 */
export const UDEV_RULES: GuestFile = {
  path: '/etc/udev/rules.d/80-net-setup-link.rules',
  mode: 0o644,
  content: 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="ff:ff:ff:ff:ff:ff", NAME="eth0"\n',
};

/** Takes the place of systemd's default policy and changes nothing in it but the names. */
export const LINK_POLICY: GuestFile = {
  path: '/etc/systemd/network/99-default.link',
  mode: 0o644,
  content: '[Match]\nOriginalName=*\n\n[Link]\nNamePolicy=kernel\nMACAddressPolicy=persistent\n',
};

/** For Debian's and Ubuntu's update-grub. Named to come after the files of their cloud images, which set the variable. */
export const GRUB_SETTINGS: GuestFile = {
  path: '/etc/default/grub.d/99-netsil-builder.cfg',
  mode: 0o644,
  content: `GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX ${KERNEL_ARGUMENTS.join(' ')}"\n`,
};

/** What cloud-init makes of a machine without network settings: a file that ties the card's name to its MAC address. */
export const PINNED_NETPLAN_PATH = '/etc/netplan/50-cloud-init.yaml';

/**
 * Network for a machine that gets none from its cloud: DHCP on eth0, and on cards that still have a predictable name
 * (the build's first boot), for which no boot waits. The ids begin with zz so that what cloud-init writes for a real
 * cloud comes first: of two networkd files that match a card, the first by name counts. 0600 because netplan asks
 * for it.
 */
export const FALLBACK_NETPLAN: GuestFile = {
  path: '/etc/netplan/99-netsil-builder.yaml',
  mode: 0o600,
  content: `network:
  version: 2
  ethernets:
    zz-eth0:
      match: {name: eth0}
      dhcp4: true
    zz-other:
      match: {name: "en*"}
      dhcp4: true
      optional: true
`,
};
