import { convertDisk, type DiskTarget } from '../qemu/qemu-img-convert.ts';
import type { DiskWriter } from './disk-writer.ts';

export interface QemuImgOptions
  extends Pick<Partial<DiskTarget>, 'creationOptions' | 'compressed' | 'onOneProcessor'> {
  /** Whether `qemu-img check` knows the driver. */
  readonly checkable?: boolean;
}

/** Writes what one of QEMU's drivers writes. The driver is always named: a content can be made to look like another's. */
export function qemuImgWriter(driver: string, options: QemuImgOptions = {}): DiskWriter {
  const { creationOptions = [], checkable = false, ...how } = options;
  return async ({ source, path, virtualSizeBytes, onFraction, signal }) => {
    const disk = { path, driver };
    const larger = virtualSizeBytes === source.virtualSizeBytes ? {} : { virtualSizeBytes };
    await convertDisk(source, { ...disk, creationOptions, ...how, ...larger }, { onFraction, signal });
    return { disk, checkable };
  };
}
