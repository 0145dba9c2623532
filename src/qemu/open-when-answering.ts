import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../system/free-port.ts';
import { forwardedPort } from './forwarded-port.ts';
import type { QmpClient } from './qmp.ts';

/** Packer's name of the machine's network. */
const NETWORK_ID = 'user.0';
const GUEST_SSH_PORT = 22;
const PROBE_EVERY_MS = 500;
/** A connection that was made before the guest had its network is not answered for long: later ones are sooner. */
const PROBE_TIMEOUT_MS = 4000;

/**
 * Keeps the host's port to the guest's SSH closed until SSH answers there. QEMU's network takes a connection at once, and
 * asks a guest that is not there yet again after 6, 18 and 42 s only: Packer's first one, made when the machine starts,
 * would wait that long. While the port is closed it tries every 5 s. Does nothing when there is no such port.
 */
export async function openWhenAnswering(monitor: QmpClient, signal: AbortSignal): Promise<void> {
  const port = await forwardedPort(monitor, GUEST_SSH_PORT).catch(() => undefined);
  if (port === undefined || !(await removeForward(monitor, `tcp::${port}`))) return;
  const probePort = await freePort();
  try {
    await addForward(monitor, probePort);
    await greeted(probePort, signal);
  } finally {
    // Of a machine that is gone there is nothing to open.
    await removeForward(monitor, `tcp:127.0.0.1:${probePort}`).catch(() => undefined);
    await addForward(monitor, port).catch(() => undefined);
  }
}

async function command(monitor: QmpClient, line: string): Promise<string> {
  return String(await monitor.execute('human-monitor-command', { 'command-line': line }));
}

async function addForward(monitor: QmpClient, port: number): Promise<void> {
  await command(monitor, `hostfwd_add ${NETWORK_ID} tcp:127.0.0.1:${port}-:${GUEST_SSH_PORT}`);
}

/** Whether there was such a forward; it is gone then. */
async function removeForward(monitor: QmpClient, rule: string): Promise<boolean> {
  return (await command(monitor, `hostfwd_remove ${NETWORK_ID} ${rule}`)).includes(' removed');
}

/** Waits until an SSH server greets on a port, with a new connection twice a second. */
async function greeted(port: number, signal: AbortSignal): Promise<void> {
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
