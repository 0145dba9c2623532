import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { convertDisk } from '../../qemu/qemu-img-convert.ts';
import type { DiskWriter } from '../disk-writer.ts';
import { TarFile } from '../tar/tar-file.ts';
import { twoSteps } from '../two-steps.ts';
import { vagrantfile } from './vagrantfile.ts';

const GIBIBYTE = 1024 ** 3;

/**
 * Writes a box for Vagrant's libvirt provider: `metadata.json`, `Vagrantfile` and `box.img`, a qcow2 that is compressed
 * itself. The archive around it is not: that would take time and save nothing, and Vagrant takes a plain tar too. The
 * disk is compared where it lies inside of the archive.
 */
export const libvirtBoxWriter: DiskWriter = async ({
  source,
  path,
  virtualSizeBytes,
  onFraction,
  signal,
}) => {
  const { onFirst, onSecond } = twoSteps(onFraction);
  const image = join(dirname(path), 'box.img');
  await convertDisk(
    source,
    { path: image, driver: 'qcow2', creationOptions: [], compressed: true },
    { onFraction: onFirst, signal },
  );
  // The provider wants whole GiB: how large a volume the image fits into.
  const metadata = {
    provider: 'libvirt',
    format: 'qcow2',
    virtual_size: Math.ceil(virtualSizeBytes / GIBIBYTE),
  };
  await using archive = await TarFile.create(path);
  await archive.addText('metadata.json', `${JSON.stringify(metadata)}\n`);
  await archive.addText('Vagrantfile', vagrantfile());
  const part = await archive.addFile('box.img', image, onSecond, signal);
  const { sha256 } = await archive.finish();
  await rm(image);
  return { disk: { path, driver: 'qcow2', part }, checkable: true, sha256 };
};
