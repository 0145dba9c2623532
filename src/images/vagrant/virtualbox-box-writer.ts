import { basename } from 'node:path';
import type { DiskWriter } from '../disk-writer.ts';
import { ovfText, VIRTUALBOX_HARDWARE } from '../ova/ovf.ts';
import { TarFile } from '../tar/tar-file.ts';
import { twoSteps } from '../two-steps.ts';
import { vagrantfile } from './vagrantfile.ts';

/**
 * Writes a box for Vagrant's VirtualBox provider: `metadata.json`, `Vagrantfile`, `box.ovf` and the disk that it names,
 * in a plain tar, since the disk is compressed. The disk is compared where it lies inside of the archive.
 */
export const virtualboxBoxWriter: DiskWriter = async ({ source, path, shared, onFraction, signal }) => {
  const { onFirst, onSecond } = twoSteps(onFraction);
  const disk = await shared.streamVmdk(onFirst);
  const name = basename(path, '.virtualbox.box');
  const diskName = basename(disk.path);
  const file = { name: diskName, bytes: disk.bytes };
  const ovf = ovfText({ name, hardware: VIRTUALBOX_HARDWARE, file, disk: source });
  await using archive = await TarFile.create(path);
  await archive.addText('metadata.json', `${JSON.stringify({ provider: 'virtualbox' })}\n`);
  await archive.addText('Vagrantfile', vagrantfile());
  await archive.addText('box.ovf', ovf);
  const part = await archive.addFile(diskName, disk.path, onSecond, signal);
  const { sha256 } = await archive.finish();
  return { disk: { path, driver: 'vmdk', part }, checkable: true, sha256 };
};
