import { freePort } from '../system/free-port.ts';
import { forwardedPort } from './forwarded-port.ts';
import type { QmpClient } from './qmp.ts';
import { sshGreeting } from './ssh-greeting.ts';

/** Packer's name of the machine's network. */
const NETWORK_ID = 'user.0';
const GUEST_SSH_PORT = 22;

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
    await sshGreeting(monitor, probePort, signal);
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
