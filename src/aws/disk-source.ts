import { open } from 'node:fs/promises';
import { BuilderError } from '../errors.ts';
import { inspectSource, type SourceDisk } from '../images/source-disk.ts';
import { readDataMap } from '../qemu/data-map.ts';
import { openDisk } from '../qemu/nbd-server.ts';
import type { Scope } from '../system/scope.ts';
import { BLOCK_BYTES } from './block.ts';
import { DISK_HEAD_BYTES, type Startable, startableBy } from './boot-modes.ts';
import type { DiskReader, OpenDisk } from './survey-disk.ts';

/** A disk image that is to be published, open until the scope ends. */
export interface DiskSource extends OpenDisk {
  readonly startable: Startable;
}

/** Opens a disk image in any format that qemu-img knows. Fails with `input-unreadable` when it is none, or damaged. */
export async function openSource(scope: Scope, path: string, signal: AbortSignal): Promise<DiskSource> {
  const disk = await inspectSource(path, signal);
  const sizeBytes = disk.virtualSizeBytes;
  const [reader, dataMap] = await Promise.all([
    disk.driver === 'raw' && disk.standsAlone ? openRaw(scope, disk) : openDisk(scope, disk, signal),
    readDataMap(disk, sizeBytes, BLOCK_BYTES, signal),
  ]);
  const head = Buffer.alloc(Math.min(DISK_HEAD_BYTES, sizeBytes));
  await reader.read(0, head);
  return { reader, sizeBytes, dataMap, startable: startableBy(head) };
}

/** A raw disk is read as the file that it is; all others are QEMU's business. */
async function openRaw(scope: Scope, { path }: SourceDisk): Promise<DiskReader> {
  const file = await open(path, 'r');
  scope.defer(() => file.close());
  return {
    read: async (offsetBytes, target) => {
      let filled = 0;
      while (filled < target.length) {
        const { bytesRead } = await file.read(target, filled, target.length - filled, offsetBytes + filled);
        if (bytesRead === 0) throw cutOff(path);
        filled += bytesRead;
      }
    },
  };
}

function cutOff(path: string): BuilderError {
  return new BuilderError('input-unreadable', `${path} was cut off while it was read`, {
    hint: 'see whether something changes or removes the disk image meanwhile',
  });
}
