import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DiskWriter } from '../disk-writer.ts';
import { TarFile } from '../tar/tar-file.ts';
import { ovfText, SHARED_HARDWARE } from './ovf.ts';

/** How much of the work is the compression of the disk; the rest is its copy into the archive. */
const COMPRESSION_SHARE = 0.9;

/**
 * Writes an OVA: a tar archive of the OVF, which must come first, its manifest with the SHA-256 of the others, and the
 * disk. What is compared is the disk inside of the archive.
 */
export const ovaWriter: DiskWriter = async ({ source, path, shared, onFraction, signal }) => {
  const disk = await shared.streamVmdk((fraction) => onFraction(fraction * COMPRESSION_SHARE));
  const name = basename(path, '.ova');
  const fileName = basename(disk.path);
  const { virtualSizeBytes, dataBytes } = source;
  const ovf = ovfText({
    name,
    hardware: SHARED_HARDWARE,
    disk: { fileName, fileBytes: disk.bytes, virtualSizeBytes, dataBytes },
  });
  await using archive = await TarFile.create(path);
  await archive.addText(`${name}.ovf`, ovf);
  await archive.addText(
    `${name}.mf`,
    manifestText([
      [`${name}.ovf`, createHash('sha256').update(ovf).digest('hex')],
      [fileName, disk.sha256],
    ]),
  );
  const onCopied = (fraction: number): void =>
    onFraction(COMPRESSION_SHARE + fraction * (1 - COMPRESSION_SHARE));
  const part = await archive.addFile(fileName, disk.path, onCopied, signal);
  const { sha256 } = await archive.finish();
  return { disk: { path, driver: 'vmdk', part }, checkable: true, sha256 };
};

function manifestText(files: readonly (readonly [name: string, sha256: string])[]): string {
  return files.map(([name, sha256]) => `SHA256(${name})= ${sha256}\n`).join('');
}
