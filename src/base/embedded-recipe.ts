import type { DebianRecipe } from './debian-recipe.ts';

const CLOUD_CONFIG = `# The sources that the images' platforms have; without any of them cloud-init turns itself off at boot.
datasource_list: [NoCloud, ConfigDrive, Ec2, Azure, GCE, OpenStack, VMware, OVF, None]
system_info:
  default_user:
    name: core
    gecos: core
    lock_passwd: true
    groups: [adm, sudo, systemd-journal]
    sudo: ["ALL=(ALL) NOPASSWD:ALL"]
    shell: /bin/bash
# An RSA key takes emulated processors many seconds to find.
ssh_genkeytypes: [ed25519, ecdsa]
# The modules that a server image has a use for. Each costs time at boot, most of it before SSH answers.
# growpart and resizefs are not among them: systemd grows the root, faster, and without any data source too.
cloud_init_modules: [seed_random, bootcmd, write-files, disk_setup, mounts, set_hostname, update_hostname,
  update_etc_hosts, ca-certs, users-groups, ssh]
cloud_config_modules: [ssh-import-id, locale, set-passwords, apt-configure, ntp, timezone, runcmd]
cloud_final_modules: [package-update-upgrade-install, write-files-deferred, scripts-vendor, scripts-per-once,
  scripts-per-boot, scripts-per-instance, scripts-user, install-hotplug, phone-home, final-message,
  power-state-change]
`;

/** The root partition takes what room the disk has; x-systemd.growfs in fstab lets the file system follow. */
const GROW_ROOT = `[Partition]
Type=root
`;

const FALLBACK_NETWORK = `# For every network card that nothing else configures (cloud-init writes 10-cloud-init-*.network).
[Match]
Name=en* eth*

[Network]
DHCP=yes

[DHCPv4]
# Clones share everything but the hardware address until they have a machine-id of their own.
ClientIdentifier=mac
`;

const WAIT_ONLINE = `# One usable network card is enough, and a machine without any must boot too.
[Service]
ExecStart=
ExecStart=/lib/systemd/systemd-networkd-wait-online --any --timeout=30
`;

const HOST_KEYS = `[Unit]
Description=Make SSH host keys where there are none
After=cloud-init.service
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -N "" -t ecdsa -f /etc/ssh/ssh_host_ecdsa_key
ExecStart=/usr/bin/ssh-keygen -q -N "" -t ed25519 -f /etc/ssh/ssh_host_ed25519_key

[Install]
WantedBy=multi-user.target
`;

const HOSTS = `127.0.0.1 localhost
127.0.1.1 debian
::1 localhost ip6-localhost ip6-loopback
`;

const SCRIPT = `systemctl enable systemd-networkd.service ssh-host-keys.service
# They cost an emulated machine seconds of every boot, or run while it is being provisioned.
systemctl disable apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service \\
  grub-common.service grub-initrd-fallback.service systemd-pstore.service
rm -f /etc/ssh/ssh_host_*
`;

/** The base image of users who bring none: Debian 12 with cloud-init, for every hypervisor and cloud. */
export const EMBEDDED_RECIPE: DebianRecipe = {
  name: 'debian-12',
  suite: 'bookworm',
  packages: [
    'ca-certificates',
    'cloud-init',
    'curl',
    'dbus',
    'iproute2',
    'iputils-ping',
    'less',
    'libpam-systemd',
    'netbase',
    'openssh-server',
    'procps',
    'python3',
    'python3-apt',
    'sudo',
    'systemd-resolved',
    'systemd-timesyncd',
    'vim-tiny',
  ],
  files: [
    { path: '/etc/cloud/cloud.cfg.d/90-netsil-builder.cfg', content: CLOUD_CONFIG },
    { path: '/etc/repart.d/50-root.conf', content: GROW_ROOT },
    { path: '/etc/systemd/network/99-dhcp.network', content: FALLBACK_NETWORK },
    { path: '/etc/systemd/system/systemd-networkd-wait-online.service.d/any.conf', content: WAIT_ONLINE },
    { path: '/etc/systemd/system/ssh-host-keys.service', content: HOST_KEYS },
    { path: '/etc/default/locale', content: 'LANG=C.UTF-8\n' },
    { path: '/etc/hostname', content: 'debian\n' },
    { path: '/etc/hosts', content: HOSTS },
  ],
  script: SCRIPT,
  kernelArguments: 'net.ifnames=0 biosdevname=0 console=tty0 console=ttyS0,115200',
  diskSizeBytes: 4 * 1024 ** 3,
};
