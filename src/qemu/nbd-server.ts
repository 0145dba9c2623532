import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BuilderError, systemCode } from '../errors.ts';
import { endingWithParent } from '../system/ending-with-parent.ts';
import { temporaryFolder } from '../system/files.ts';
import { run } from '../system/process.ts';
import type { Scope } from '../system/scope.ts';
import { type DiskFile, diskArguments } from './disk-file.ts';
import { NbdClient } from './nbd-client.ts';

/** qemu-nbd listens within some hundredths of a second. */
const RETRY_MS = 10;

/**
 * Opens a disk image, with everything behind it, for reading at any place, by a qemu-nbd of its own on a private unix
 * socket; both end with the scope, and with this program however that dies. Fails with `ProcessError` when qemu-nbd cannot open the image.
 */
export async function openDisk(scope: Scope, disk: DiskFile, signal: AbortSignal): Promise<NbdClient> {
  const socket = join(await temporaryFolder(scope), 'nbd');
  const stop = new AbortController();
  const { flags, name } = diskArguments(disk);
  const argv = ['qemu-nbd', '--read-only', '--persistent', '--socket', socket, ...flags, name];
  const ended = run(endingWithParent(argv), {
    signal: AbortSignal.any([signal, stop.signal]),
    capture: false,
  });
  const failed: Promise<never> = ended.then(() => {
    throw new BuilderError('process-failed', `qemu-nbd ended before it served ${disk.path}`);
  });
  // Told of below, or when somebody reads; at the end it is stopped on purpose.
  failed.catch(() => undefined);
  scope.defer(async () => {
    stop.abort();
    await ended.catch(() => undefined);
  });
  const client = await Promise.race([
    failed,
    connectWhenReady(socket, AbortSignal.any([signal, stop.signal])),
  ]);
  scope.defer(() => client.close());
  return client;
}

async function connectWhenReady(socket: string, signal: AbortSignal): Promise<NbdClient> {
  for (;;) {
    try {
      return await NbdClient.connect(socket);
    } catch (thrown) {
      const isEarly = ['ENOENT', 'ECONNREFUSED'].includes(systemCode(thrown) ?? '');
      if (!isEarly) throw thrown;
    }
    await delay(RETRY_MS, undefined, { signal });
  }
}
