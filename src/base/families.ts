import type { BaseFamily } from '../settings/settings.ts';

const SSH_USERS: Readonly<Record<BaseFamily, string>> = {
  coreos: 'core',
  flatcar: 'core',
  'fedora-coreos': 'core',
  debian: 'debian',
  ubuntu: 'ubuntu',
};

/** The user of the base that is made here. */
export const EMBEDDED_USER = 'core';

/** The user that a family's images have for logging in by key. */
export function sshUserOf(family: BaseFamily): string {
  return SSH_USERS[family];
}

/** Words in a file name that tell the family; the first that fits decides (Flatcar and Fedora before plain CoreOS). */
const FAMILY_WORDS: readonly (readonly [RegExp, BaseFamily])[] = [
  [/flatcar/i, 'flatcar'],
  [/fedora-coreos|fcos/i, 'fedora-coreos'],
  [/coreos/i, 'coreos'],
  [/ubuntu|server-cloudimg/i, 'ubuntu'],
  [/debian/i, 'debian'],
];

/** The family that a file's name tells of, if it does. */
export function familyOfName(fileName: string): BaseFamily | undefined {
  return FAMILY_WORDS.find(([word]) => word.test(fileName))?.[1];
}

const COMPRESSED = String.raw`(?:\.(?:bz2|gz|xz|zst))?`;

/** The names under which the families publish the disk that boots on QEMU, compressed or not. */
const PUBLISHED_NAMES: readonly RegExp[] = [
  String.raw`coreos_production_(?:qemu_)?image\.(?:img|bin)`,
  String.raw`flatcar_production_(?:qemu_(?:uefi_)?)?image\.(?:img|bin)`,
  String.raw`fedora-coreos-[\w.-]+-qemu\.x86_64\.qcow2`,
  String.raw`debian-\d+-(?:generic|genericcloud)-amd64(?:-[\w-]+)?\.(?:qcow2|raw)`,
  String.raw`[\w.-]+-server-cloudimg-amd64(?:-disk1|-disk-kvm)?\.img`,
].map((pattern) => new RegExp(`^${pattern}${COMPRESSED}$`));

/** Whether a file name is one under which a base image is published. */
export function isPublishedName(fileName: string): boolean {
  return PUBLISHED_NAMES.some((pattern) => pattern.test(fileName));
}

/** Whether a file name is `<IMAGE_NAME>` with the extension of a disk image, compressed or not. */
export function isNamedImage(fileName: string, imageName: string): boolean {
  const stem = stemOf(fileName);
  return stem.startsWith(imageName) && /^\.(?:img|qcow2|raw|bin)$/.test(stem.slice(imageName.length));
}

/** A file name without the extension of its compression. */
export function stemOf(fileName: string): string {
  return fileName.replace(/\.(?:bz2|gz|xz|zst)$/, '');
}
