import { setTimeout as sleep } from 'node:timers/promises';
import { asError } from '../errors.ts';
import { QmpClient, type QmpEvent } from './qmp.ts';

const RETRY_MS = 100;

/** A running machine's second monitor. */
export interface MachineWatch {
  /** The control connection, as soon as the machine answers; rejects with the signal's reason. */
  readonly monitor: (signal: AbortSignal) => Promise<QmpClient>;
  /** Powers the machine off at once; harmless when it is not running. */
  readonly quit: () => Promise<void>;
  readonly stop: () => void;
}

/**
 * Connects to a machine's control socket as soon as it is there, and again after each machine that ends, until
 * stopped. `onDiskFull` is called when the machine stopped because its disk found no room on the host: QEMU pauses
 * it then, and it would wait for ever.
 */
export function watchMachine(socketPath: string, onDiskFull: () => void): MachineWatch {
  const state: { stopped: boolean; client: QmpClient | undefined } = { stopped: false, client: undefined };
  const waiting = new Set<(client: QmpClient) => void>();
  const onEvent = ({ name, data }: QmpEvent): void => {
    if (name === 'BLOCK_IO_ERROR' && data['nospace'] === true) onDiskFull();
  };
  const watch = async (): Promise<void> => {
    while (!state.stopped) {
      try {
        const client = await QmpClient.connect(socketPath, onEvent);
        state.client = client;
        for (const resolve of waiting) resolve(client);
        await client.closed;
      } catch {
        // Nothing listens there yet, or no longer.
      }
      state.client = undefined;
      await sleep(RETRY_MS, undefined, { ref: false });
    }
  };
  void watch();
  return {
    monitor: (signal) => nextClient(() => state.client, waiting, signal),
    quit: async () => {
      await state.client?.execute('quit').catch(() => undefined);
    },
    stop: () => {
      state.stopped = true;
      state.client?.close();
    },
  };
}

function nextClient(
  current: () => QmpClient | undefined,
  waiting: Set<(client: QmpClient) => void>,
  signal: AbortSignal,
): Promise<QmpClient> {
  return new Promise((resolve, reject) => {
    const client = current();
    if (client !== undefined) {
      resolve(client);
      return;
    }
    const settle = (found: QmpClient): void => {
      forget();
      resolve(found);
    };
    const onAbort = (): void => {
      forget();
      reject(asError(signal.reason));
    };
    const forget = (): void => {
      waiting.delete(settle);
      signal.removeEventListener('abort', onAbort);
    };
    waiting.add(settle);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
