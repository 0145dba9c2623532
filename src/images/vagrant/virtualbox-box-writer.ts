import { basename } from 'node:path';
import type { DiskWriter } from '../disk-writer.ts';
import { ovfText, VIRTUALBOX_HARDWARE } from '../ova/ovf.ts';
import { TarFile } from '../tar/tar-file.ts';
import { vagrantfile } from './vagrantfile.ts';

const COMPRESSION_SHARE = 0.9;

/**
 * Writes a box for Vagrant's VirtualBox provider: `metadata.json`, `Vagrantfile`, `box.ovf` and the disk that it names,
 * in a plain tar, since the disk is compressed. The disk is compared where it lies inside of the archive.
 */
export const virtualboxBoxWriter: DiskWriter = async ({ source, path, shared, onFraction, signal }) => {
  const disk = await shared.streamVmdk((fraction) => onFraction(fraction * COMPRESSION_SHARE));
  const fileName = basename(disk.path);
  const { virtualSizeBytes, dataBytes } = source;
  await using archive = await TarFile.create(path);
  await archive.addText('metadata.json', `${JSON.stringify({ provider: 'virtualbox' })}\n`);
  await archive.addText('Vagrantfile', vagrantfile());
  await archive.addText(
    'box.ovf',
    ovfText({
      name: basename(path, '.virtualbox.box'),
      hardware: VIRTUALBOX_HARDWARE,
      disk: { fileName, fileBytes: disk.bytes, virtualSizeBytes, dataBytes },
    }),
  );
  const onCopied = (fraction: number): void =>
    onFraction(COMPRESSION_SHARE + fraction * (1 - COMPRESSION_SHARE));
  const part = await archive.addFile(fileName, disk.path, onCopied, signal);
  const { sha256 } = await archive.finish();
  return { disk: { path, driver: 'vmdk', part }, checkable: true, sha256 };
};
