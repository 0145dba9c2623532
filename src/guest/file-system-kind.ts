/** So many bytes of a disk or partition tell what is on it. */
export const KIND_BYTES = 68 * 1024;

interface Mark {
  readonly kind: string;
  readonly offsetBytes: number;
  readonly magic: string;
}

/** Magic numbers as they lie on the disk, from the headers of the Linux kernel and of blkid(8). */
const MARKS: readonly Mark[] = [
  { kind: 'ext', offsetBytes: 0x438, magic: '\x53\xef' },
  { kind: 'xfs', offsetBytes: 0, magic: 'XFSB' },
  { kind: 'btrfs', offsetBytes: 0x10040, magic: '_BHRfS_M' },
  { kind: 'f2fs', offsetBytes: 0x400, magic: '\x10\x20\xf5\xf2' },
  { kind: 'erofs', offsetBytes: 0x400, magic: '\xe2\xe1\xf5\xe0' },
  { kind: 'squashfs', offsetBytes: 0, magic: 'hsqs' },
  { kind: 'ISO 9660', offsetBytes: 0x8001, magic: 'CD001' },
  { kind: 'LUKS', offsetBytes: 0, magic: 'LUKS\xba\xbe' },
  { kind: 'LVM', offsetBytes: 0x218, magic: 'LVM2 001' },
  { kind: 'swap', offsetBytes: 0xff6, magic: 'SWAPSPACE2' },
  { kind: 'NTFS', offsetBytes: 3, magic: 'NTFS    ' },
  { kind: 'exFAT', offsetBytes: 3, magic: 'EXFAT   ' },
  { kind: 'FAT', offsetBytes: 0x52, magic: 'FAT32   ' },
  { kind: 'FAT', offsetBytes: 0x36, magic: 'FAT16   ' },
  { kind: 'FAT', offsetBytes: 0x36, magic: 'FAT12   ' },
];

/** What the first `KIND_BYTES` say is there: `ext` for ext2, ext3 and ext4, `xfs`, …; undefined when it is not known. */
export function fileSystemKind(head: Buffer): string | undefined {
  return MARKS.find(
    ({ offsetBytes, magic }) => head.toString('latin1', offsetBytes, offsetBytes + magic.length) === magic,
  )?.kind;
}
