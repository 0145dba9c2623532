/** QEMU's exit code after the boot sector wrote 0x10 to isa-debug-exit: (0x10 << 1) | 1. */
export const BOOT_SECTOR_EXIT_CODE = 33;

const SECTOR_BYTES = 512;

/**
 * Enters long mode, counts to a million, writes 0x10 to port 0xf4, and halts. Assembled from (loaded at 0x7c00):
 *
 *   cli; xor ax,ax; ds = es = 0          page tables for the first 2 MiB: clear 0x1000..0x3fff,
 *   rep stosw                            PML4[0] = 0x2003, PDPT[0] = 0x3003, PD[0] = 0x83 (2 MiB page)
 *   CR4.PAE; CR3 = 0x1000                the way into long mode, as in the AMD64 manual, volume 2, 14.6
 *   EFER.LME; lgdt; CR0.PG|PE            one 64-bit code segment in the GDT
 *   ljmp 8:long                          from here on 64-bit code:
 *   1: inc rax; cmp rax,0x100000; jne 1b
 *   out 0xf4,0x10; 2: hlt; jmp 2b
 */
const CODE = Buffer.from(
  [
    'fa31c08ed88ec0bf0010b90018fcf3abc70600100320c70600200330c7060030',
    '83000f20e00c200f22e066b8001000000f22d866b9800000c00f3280cc010f30',
    '0f0116807c0f20c0660d010000800f22c0ea567c080031c048ffc0483d000010',
    '0075f5b01066baf400eef4ebfd0f1f00000000000000000000000000009a2000',
    '0f00707c0000',
  ].join(''),
  'hex',
);

/** The boot sector: 512 bytes, with the signature that makes a BIOS start it. */
export function bootSector(): Buffer {
  const sector = Buffer.alloc(SECTOR_BYTES);
  CODE.copy(sector);
  sector.writeUInt16LE(0xaa55, SECTOR_BYTES - 2);
  return sector;
}
