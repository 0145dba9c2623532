import { convertDisk } from '../qemu/qemu-img-convert.ts';
import type { DiskWriter } from './disk-writer.ts';

export interface QemuImgOptions {
  readonly creationOptions?: readonly string[];
  /** Whether `qemu-img check` knows the driver. */
  readonly checkable?: boolean;
}

/** Writes what one of QEMU's drivers writes. The driver is always named: a content can be made to look like another's. */
export function qemuImgWriter(driver: string, options: QemuImgOptions = {}): DiskWriter {
  const { creationOptions = [], checkable = false } = options;
  return async ({ source, path, onFraction, signal }) => {
    const disk = { path, driver };
    await convertDisk(source, { ...disk, creationOptions }, { onFraction, signal });
    return { disk, checkable };
  };
}
