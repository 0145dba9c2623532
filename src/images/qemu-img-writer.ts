import { convertDisk } from '../qemu/qemu-img-convert.ts';
import type { DiskWriter } from './disk-writer.ts';

export interface QemuImgOptions {
  readonly creationOptions?: readonly string[];
  readonly compressed?: boolean;
  /** Whether `qemu-img check` knows the driver. */
  readonly checkable?: boolean;
}

/** Writes what one of QEMU's drivers writes. The driver is always named: a content can be made to look like another's. */
export function qemuImgWriter(driver: string, options: QemuImgOptions = {}): DiskWriter {
  const { creationOptions = [], compressed = false, checkable = false } = options;
  return async ({ source, path, virtualSizeBytes, onFraction, signal }) => {
    const disk = { path, driver };
    const larger = virtualSizeBytes === source.virtualSizeBytes ? {} : { virtualSizeBytes };
    await convertDisk(source, { ...disk, creationOptions, compressed, ...larger }, { onFraction, signal });
    return { disk, checkable };
  };
}
