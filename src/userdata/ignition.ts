import { KERNEL_ARGUMENTS, LINK_POLICY } from './interface-names.ts';
import { UPDATE_UNITS } from './update-units.ts';

export type IgnitionFamily = 'flatcar' | 'fedora-coreos';

/**
 * The name under which Ignition looks for its config in QEMU's firmware configuration device, by family
 * (https://coreos.github.io/ignition/supported-platforms/; Flatcar renames it, and takes the other one too).
 */
export const FW_CFG_NAMES: Readonly<Record<IgnitionFamily, string>> = {
  flatcar: 'opt/org.flatcar-linux/config',
  'fedora-coreos': 'opt/com.coreos/config',
};

/**
 * The Ignition config, spec 3.3.0: the oldest with kernel arguments, which Flatcar has since 3185. They cost one more
 * reboot in the first boot, and hold before udev starts; the file acts where the boot loader's config is not GRUB's.
 */
export function ignitionConfig(family: IgnitionFamily, publicKey: string): string {
  const config = {
    ignition: { version: '3.3.0' },
    kernelArguments: { shouldExist: [KERNEL_ARGUMENTS[0]] },
    passwd: { users: [{ name: 'core', sshAuthorizedKeys: [publicKey] }] },
    storage: {
      files: [
        {
          path: LINK_POLICY.path,
          mode: LINK_POLICY.mode,
          overwrite: true,
          contents: { source: `data:,${encodeURIComponent(LINK_POLICY.content)}` },
        },
      ],
    },
    systemd: { units: UPDATE_UNITS[family].map((name) => ({ name, mask: true })) },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
