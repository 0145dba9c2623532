import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasReachedGuest } from './forwarded-port.ts';
import type { QmpClient } from './qmp.ts';

const LOOK_EVERY_MS = 500;
/** A server that has a connection greets within this, however slow its machine is. */
const GREETING_WITHIN_MS = 60_000;

/**
 * Waits until the guest's SSH server greets on a port of the loopback address that leads to it. Also ends when the signal
 * fires, which the caller looks at.
 *
 * One connection at a time: each has the guest start a process, and many at once keep a slow machine from its own start.
 * QEMU's network takes a connection before the guest has any network, and asks the guest again after 6, 18 and 42 s
 * only: such a one is given up for a new one, twice a second, as long as the monitor says that it did not get through.
 */
export async function sshGreeting(monitor: QmpClient, port: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await isGreeted(monitor, port, signal)) return;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Tries one connection, for as long as that makes sense. */
async function isGreeted(monitor: QmpClient, port: number, signal: AbortSignal): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  let ending: 'greeted' | 'closed' | undefined;
  const ended = firstWords(socket).then((words) => {
    ending = words.startsWith('SSH-') ? 'greeted' : 'closed';
  });
  const deadlineMs = performance.now() + GREETING_WITHIN_MS;
  try {
    for (;;) {
      await Promise.race([ended, sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)]);
      if (ending !== undefined) return ending === 'greeted';
      if (signal.aborted || performance.now() > deadlineMs) return false;
      if (!(await hasReachedGuest(monitor, port).catch(() => false))) return false;
    }
  } finally {
    socket.destroy();
  }
}

/** What comes first over a connection; nothing when it is closed before. */
function firstWords(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket.once('data', (data: Buffer) => {
      resolve(data.toString('latin1'));
    });
    socket.once('close', () => {
      resolve('');
    });
    socket.on('error', () => undefined);
  });
}
