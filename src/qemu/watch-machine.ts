import { setTimeout as sleep } from 'node:timers/promises';
import { QmpClient, type QmpEvent } from './qmp.ts';

const RETRY_MS = 250;

/** A running machine's second monitor. */
export interface MachineWatch {
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
  const onEvent = ({ name, data }: QmpEvent): void => {
    if (name === 'BLOCK_IO_ERROR' && data['nospace'] === true) onDiskFull();
  };
  const watch = async (): Promise<void> => {
    while (!state.stopped) {
      try {
        state.client = await QmpClient.connect(socketPath, onEvent);
        await state.client.closed;
      } catch {
        // Nothing listens there yet, or no longer.
      }
      state.client = undefined;
      await sleep(RETRY_MS, undefined, { ref: false });
    }
  };
  void watch();
  return {
    quit: async () => {
      await state.client?.execute('quit').catch(() => undefined);
    },
    stop: () => {
      state.stopped = true;
      state.client?.close();
    },
  };
}
