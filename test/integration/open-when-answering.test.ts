import { join } from 'node:path';
import { expect, it } from 'vitest';
import { forwardedPort } from '../../src/qemu/forwarded-port.ts';
import { openWhenAnswering } from '../../src/qemu/open-when-answering.ts';
import { watchMachine } from '../../src/qemu/watch-machine.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { freePort } from '../../src/system/free-port.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

const TIMEOUT_MS = 10_000;

it('keeps the port closed while nothing answers in the machine, and opens it on loopback alone', async () => {
  await using scope = new Scope();
  const socket = join(await temporaryFolder(scope), 'm.sock');
  const port = await freePort();
  const stop = new AbortController();
  const argv = [
    ...[
      'qemu-system-x86_64',
      '-nodefaults',
      '-machine',
      'pc',
      '-accel',
      'tcg',
      '-m',
      '32',
      '-display',
      'none',
    ],
    ...['-netdev', `user,id=user.0,hostfwd=tcp::${port}-:22`, '-device', 'virtio-net,netdev=user.0'],
    ...['-qmp', `unix:${socket},server=on,wait=off`],
  ];
  const ended = run(argv, { signal: stop.signal, capture: false }).catch(() => undefined);
  const watch = watchMachine(socket, () => undefined);
  scope.defer(async () => {
    watch.stop();
    stop.abort();
    await ended;
  });
  const monitor = await watch.monitor(AbortSignal.timeout(TIMEOUT_MS));
  expect(await forwardedPort(monitor, 22)).toBe(port);

  const waiting = new AbortController();
  const opening = openWhenAnswering(monitor, waiting.signal);
  await expect.poll(() => forwardedPort(monitor, 22), { timeout: TIMEOUT_MS }).not.toBe(port);
  waiting.abort();
  await opening;
  expect(await forwardedPort(monitor, 22)).toBe(port);
  const table = String(await monitor.execute('human-monitor-command', { 'command-line': 'info usernet' }));
  expect(table).toMatch(new RegExp(`127\\.0\\.0\\.1 +${port} `));
});
