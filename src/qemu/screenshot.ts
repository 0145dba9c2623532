import type { QmpClient } from './qmp.ts';

/** Writes what a machine's screen shows as a PNG file; QEMU writes it, 7.1 or newer. Rejects with QEMU's own words. */
export async function saveScreenshot(monitor: QmpClient, path: string): Promise<void> {
  await monitor.execute('screendump', { filename: path, format: 'png' });
}
