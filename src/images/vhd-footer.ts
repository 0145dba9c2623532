import { open } from 'node:fs/promises';

/** Length of the footer that ends every VHD, and the only mark of a fixed one (Virtual Hard Disk format, 1.0). */
export const VHD_FOOTER_BYTES = 512;
const COOKIE = 'conectix';
const DISK_TYPE_OFFSET = 60;
const FIXED_DISK = 2;

/** Whether these last 512 bytes of a file say that it is a fixed VHD. */
export function isFixedVhdFooter(footer: Buffer): boolean {
  return (
    footer.length === VHD_FOOTER_BYTES &&
    footer.toString('latin1', 0, COOKIE.length) === COOKIE &&
    footer.readUInt32BE(DISK_TYPE_OFFSET) === FIXED_DISK
  );
}

/** Whether a file is a fixed VHD, which qemu-img takes for a raw disk that is 512 bytes too long. */
export async function isFixedVhd(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size <= VHD_FOOTER_BYTES) return false;
    const footer = Buffer.alloc(VHD_FOOTER_BYTES);
    const { bytesRead } = await file.read(footer, 0, VHD_FOOTER_BYTES, size - VHD_FOOTER_BYTES);
    return isFixedVhdFooter(footer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
