import { copyFile, link } from 'node:fs/promises';
import type { DiskWriter } from '../disk-writer.ts';

/** Writes a stream-optimized VMDK, the form in which VMware and VirtualBox take a disk inside of an OVF. */
export const streamVmdkWriter: DiskWriter = async ({ path, shared, onFraction }) => {
  const made = await shared.streamVmdk(onFraction);
  // The same file by another name costs nothing; not every file system has that.
  await link(made.path, path).catch(() => copyFile(made.path, path));
  return { disk: { path, driver: 'vmdk' }, checkable: true, sha256: made.sha256 };
};
