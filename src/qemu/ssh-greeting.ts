import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PROBE_EVERY_MS = 500;
/** A connection that was made before the guest had its network is not answered for long: later ones are sooner. */
const PROBE_TIMEOUT_MS = 4000;

/**
 * Waits until an SSH server greets on a port of the loopback address, with a new connection twice a second. Also ends
 * when the signal fires, which the caller looks at.
 */
export async function sshGreeting(port: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const sockets = new Set<Socket>();
  while (!either.aborted) {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket)).on('error', () => undefined);
    socket.setTimeout(PROBE_TIMEOUT_MS, () => socket.destroy());
    socket.once('data', (data: Buffer) => {
      if (data.toString('latin1').startsWith('SSH-')) done.abort();
      socket.destroy();
    });
    await sleep(PROBE_EVERY_MS, undefined, { signal: either }).catch(() => undefined);
  }
  for (const socket of sockets) socket.destroy();
}
