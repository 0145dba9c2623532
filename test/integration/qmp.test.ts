import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QmpClient, type QmpEvent } from '../../src/qemu/qmp.ts';
import { watchMachine } from '../../src/qemu/watch-machine.ts';
import { run } from '../../src/system/process.ts';

let folder: string;
let socket: string;
let controller: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-qmp-'));
  socket = join(folder, 'm.sock');
  controller = new AbortController();
});
afterEach(async () => {
  controller.abort();
  await rm(folder, { recursive: true });
});

/** A machine without disk or system, which only listens to its monitor. */
function startMachine(): Promise<unknown> {
  return run(
    [
      ...['qemu-system-x86_64', '-nodefaults', '-accel', 'tcg', '-m', '16', '-display', 'none', '-S'],
      ...['-qmp', `unix:${socket},server=on,wait=off`],
    ],
    { signal: controller.signal },
  );
}

async function connectSoon(events: QmpEvent[]): Promise<QmpClient> {
  for (;;) {
    try {
      return await QmpClient.connect(socket, (event) => events.push(event));
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe('the control socket of a real machine', () => {
  it('answers, refuses in its own words, and ends with the machine', async () => {
    const machine = startMachine();
    const events: QmpEvent[] = [];
    const client = await connectSoon(events);
    expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
    await expect(client.execute('no-such-command')).rejects.toThrow(/CommandNotFound/);
    await client.execute('cont');
    await client.execute('quit');
    await client.closed;
    await machine;
    expect(events.map(({ name }) => name)).toContain('SHUTDOWN');
    await expect(client.execute('query-status')).rejects.toThrow('the machine is gone');
  });

  it('is watched from before the machine is there until it is powered off', async () => {
    const watch = watchMachine(socket, () => undefined);
    const machine = startMachine();
    const powerOff = setInterval(() => void watch.quit(), 100);
    await machine;
    clearInterval(powerOff);
    watch.stop();
    await expect(QmpClient.connect(socket, () => undefined)).rejects.toThrow();
  });
});
