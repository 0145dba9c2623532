import type { QmpClient } from './qmp.ts';

/**
 * The host's port that leads to a port of the guest, through QEMU's own network. Rejects when there is none. Only the
 * monitor for people tells (`info usernet`); its table has state, file, host address and port, guest address and port.
 */
export async function forwardedPort(monitor: QmpClient, guestPort: number): Promise<number> {
  const table = await monitor.execute('human-monitor-command', { 'command-line': 'info usernet' });
  const port = parseForwardedPort(String(table), guestPort);
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
