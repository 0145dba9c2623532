import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forwardedPort } from '../../../src/qemu/forwarded-port.ts';
import { QmpClient } from '../../../src/qemu/qmp.ts';
import { exists } from '../../../src/system/files.ts';
import { run, type RunResult } from '../../../src/system/process.ts';
import { fakeMachine, type MachinePlan } from './fake-machine.ts';

/** The stand-in for QEMU, asked by the same clients as QEMU itself. */
describe('a machine that is only played', () => {
  let folder: string;
  let stop: AbortController;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nb-fake-'));
    stop = new AbortController();
    await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, 'key')]);
  });
  afterEach(async () => {
    stop.abort();
    await rm(folder, { recursive: true });
  });

  async function start(plan: MachinePlan): Promise<RunResult> {
    await fakeMachine(folder, join(folder, 'key'), plan);
    const devices = ['-chardev', `file,id=serial,path=${join(folder, 'serial.log')}`];
    const monitor = ['-qmp', `unix:${join(folder, 'qmp')},server=on,wait=off`];
    return run([join(folder, 'qemu-system-x86_64'), ...devices, ...monitor], { signal: stop.signal });
  }

  async function monitorOf(machine: Promise<unknown>): Promise<QmpClient> {
    machine.catch(() => undefined);
    while (!(await exists(join(folder, 'qmp')))) await sleep(20);
    return QmpClient.connect(join(folder, 'qmp'), () => undefined);
  }

  it('has a port that greets, and a screen', async () => {
    const monitor = await monitorOf(start({}));
    const socket = connect(await forwardedPort(monitor, 22), '127.0.0.1');
    const [greeting] = (await once(socket, 'data')) as [Buffer];
    expect(greeting.toString()).toMatch(/^SSH-2\.0-/);
    await monitor.execute('screendump', { filename: join(folder, 'screen.png') });
    expect(await exists(join(folder, 'screen.png'))).toBe(true);
  });

  it('refuses a picture, and a command that it does not know', async () => {
    const monitor = await monitorOf(start({ screenFailure: 'no surface' }));
    await expect(monitor.execute('screendump', {})).rejects.toThrow('GenericError: no surface');
    await expect(monitor.execute('migrate')).rejects.toThrow('CommandNotFound');
  });

  it('ends with QEMU’s words where it cannot run', async () => {
    await expect(start({ refuses: 'no memory' })).rejects.toMatchObject({
      exitCode: 1,
      tail: ['qemu-system-x86_64: no memory'],
    });
  });
});
