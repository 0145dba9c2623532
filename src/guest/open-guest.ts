import type { DiskFile } from '../qemu/disk-file.ts';
import { openDisk } from '../qemu/nbd-server.ts';
import type { Scope } from '../system/scope.ts';
import type { ByteSource } from './byte-source.ts';
import { Guest } from './guest.ts';
import { findRoot } from './root.ts';

/**
 * Opens the root file system of a disk image of any format that QEMU reads, without root, mount, boot or copy. It can
 * be read until the scope ends. Fails as `findRoot` does, and with `ProcessError` when QEMU cannot open the image.
 */
export async function openGuest(scope: Scope, disk: DiskFile, signal: AbortSignal): Promise<Guest> {
  const { fileSystem, startBytes } = await findRoot(await openBytes(scope, disk, signal));
  return new Guest(disk.path, fileSystem, startBytes);
}

/** Opens what a disk image holds, to be read at any place until the scope ends. Fails with `ProcessError`. */
export async function openBytes(scope: Scope, disk: DiskFile, signal: AbortSignal): Promise<ByteSource> {
  const client = await openDisk(scope, disk, signal);
  return {
    name: disk.path,
    sizeBytes: client.sizeBytes,
    read: async (offsetBytes, target) => {
      try {
        await client.read(offsetBytes, target);
      } catch (thrown) {
        // The user's Ctrl-C stops the server too, which is no fault of the disk.
        signal.throwIfAborted();
        throw thrown;
      }
    },
  };
}
