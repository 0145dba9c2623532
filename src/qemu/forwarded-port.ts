import type { QmpClient } from './qmp.ts';

/**
 * The host's port that leads to a port of the guest, through QEMU's own network. Rejects when there is none. Only the
 * monitor for people tells (`info usernet`); its table has state, file, host address and port, guest address and port.
 */
export async function forwardedPort(monitor: QmpClient, guestPort: number): Promise<number> {
  const port = parseForwardedPort(await networkTable(monitor), guestPort);
  if (port === undefined) throw new Error(`no port of the host leads to port ${guestPort} of the machine`);
  return port;
}

/** Reads the table of `info usernet`. */
export function parseForwardedPort(table: string, guestPort: number): number | undefined {
  for (const line of table.split(/\r?\n/)) {
    const [state, , , hostPort, , port] = line.trim().split(/\s+/);
    if (state === 'TCP[HOST_FORWARD]' && port === `${guestPort}`) return Number(hostPort);
  }
  return undefined;
}

/** Whether a connection to this port of the host has got through to the guest, and is not only waiting there. */
export async function hasReachedGuest(monitor: QmpClient, hostPort: number): Promise<boolean> {
  return isEstablished(await networkTable(monitor), hostPort);
}

/** Reads the table of `info usernet`. */
export function isEstablished(table: string, hostPort: number): boolean {
  return table.split(/\r?\n/).some((line) => {
    const [state, , , port] = line.trim().split(/\s+/);
    return state === 'TCP[ESTABLISHED]' && port === `${hostPort}`;
  });
}

async function networkTable(monitor: QmpClient): Promise<string> {
  return String(await monitor.execute('human-monitor-command', { 'command-line': 'info usernet' }));
}
