/**
 * Features of ext2, ext3 and ext4 (Linux: Documentation/filesystems/ext4/super.rst). A reader may overlook those called
 * compatible and read-only compatible; it must know every one that is called incompatible.
 */

export const COMPATIBLE = { sparseSuper2: 0x200 } as const;

export const READ_ONLY = { sparseSuper: 0x1 } as const;

export const INCOMPATIBLE = {
  compression: 0x1,
  fileType: 0x2,
  recover: 0x4,
  journalDevice: 0x8,
  metaBlockGroups: 0x10,
  extents: 0x40,
  bits64: 0x80,
  multiMount: 0x100,
  flexibleGroups: 0x200,
  attributeInodes: 0x400,
  dirData: 0x1000,
  checksumSeed: 0x2000,
  largeDirectories: 0x4000,
  inlineData: 0x8000,
  encryption: 0x10000,
  caseFolding: 0x20000,
} as const;

/** What this reader reads, or what changes nothing for one that reads and checks no checksums. */
const KNOWN =
  INCOMPATIBLE.fileType |
  INCOMPATIBLE.metaBlockGroups |
  INCOMPATIBLE.extents |
  INCOMPATIBLE.bits64 |
  INCOMPATIBLE.multiMount |
  INCOMPATIBLE.flexibleGroups |
  INCOMPATIBLE.attributeInodes |
  INCOMPATIBLE.checksumSeed |
  INCOMPATIBLE.largeDirectories |
  INCOMPATIBLE.inlineData |
  INCOMPATIBLE.caseFolding;

/** Names of mke2fs(8) and of the kernel for those that it does not. */
const NAMES: readonly (readonly [number, string])[] = [
  [INCOMPATIBLE.compression, 'compression'],
  [INCOMPATIBLE.journalDevice, 'journal_dev'],
  [INCOMPATIBLE.dirData, 'dirdata'],
  [INCOMPATIBLE.encryption, 'encrypt'],
];

/** Names of the incompatible features in this set that cannot be read here; one without a name by its number. */
export function unreadableFeatures(incompatible: number): readonly string[] {
  // The journal is looked at by itself: it makes a file system unclean, not unknown.
  const unknown = (incompatible & ~(KNOWN | INCOMPATIBLE.recover)) >>> 0;
  const bits = Array.from({ length: 32 }, (_, bit) => 2 ** bit).filter((bit) => (unknown & bit) !== 0);
  return bits.map((bit) => NAMES.find(([value]) => value === bit)?.[1] ?? `0x${bit.toString(16)}`);
}
