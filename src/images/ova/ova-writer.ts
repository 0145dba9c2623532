import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { DiskWriter } from '../disk-writer.ts';
import { TarFile } from '../tar/tar-file.ts';
import { twoSteps } from '../two-steps.ts';
import { ovfText, SHARED_HARDWARE } from './ovf.ts';

/**
 * Writes an OVA: a tar archive of the OVF, which must come first, its manifest with the SHA-256 of the others, and the
 * disk. What is compared is the disk inside of the archive.
 */
export const ovaWriter: DiskWriter = async ({ source, path, shared, onFraction, signal }) => {
  const { onFirst, onSecond } = twoSteps(onFraction);
  const disk = await shared.streamVmdk(onFirst);
  const name = basename(path, '.ova');
  const diskName = basename(disk.path);
  const file = { name: diskName, bytes: disk.bytes };
  const ovf = ovfText({ name, hardware: SHARED_HARDWARE, file, disk: source });
  const manifest = manifestText([
    [`${name}.ovf`, createHash('sha256').update(ovf).digest('hex')],
    [diskName, disk.sha256],
  ]);
  await using archive = await TarFile.create(path);
  await archive.addText(`${name}.ovf`, ovf);
  await archive.addText(`${name}.mf`, manifest);
  const part = await archive.addFile(diskName, disk.path, onSecond, signal);
  const { sha256 } = await archive.finish();
  return { disk: { path, driver: 'vmdk', part }, checkable: true, sha256 };
};

function manifestText(files: readonly (readonly [name: string, sha256: string])[]): string {
  return files.map(([name, sha256]) => `SHA256(${name})= ${sha256}\n`).join('');
}
