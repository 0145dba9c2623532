import { inspectSource } from '../images/source-disk.ts';
import { readDataMap } from '../qemu/data-map.ts';
import { openDisk } from '../qemu/nbd-server.ts';
import type { Scope } from '../system/scope.ts';
import { BLOCK_BYTES } from './block.ts';
import { DISK_HEAD_BYTES, type Startable, startableBy } from './boot-modes.ts';
import type { OpenDisk } from './survey-disk.ts';

/** A disk image that is to be published, open until the scope ends. */
export interface DiskSource extends OpenDisk {
  readonly startable: Startable;
}

/** Opens a disk image in any format that qemu-img knows. Fails with `input-unreadable` when it is none, or damaged. */
export async function openSource(scope: Scope, path: string, signal: AbortSignal): Promise<DiskSource> {
  const disk = await inspectSource(path, signal);
  const sizeBytes = disk.virtualSizeBytes;
  const [reader, dataMap] = await Promise.all([
    openDisk(scope, disk, signal),
    readDataMap(disk, sizeBytes, BLOCK_BYTES, signal),
  ]);
  const head = Buffer.alloc(Math.min(DISK_HEAD_BYTES, sizeBytes));
  await reader.read(0, head);
  return { reader, sizeBytes, dataMap, startable: startableBy(head) };
}
