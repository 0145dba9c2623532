import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { saveMachine, wakeMachine } from '../../src/layers/checkpoint.ts';
import { createOverlay } from '../../src/qemu/qemu-img.ts';
import type { QmpClient } from '../../src/qemu/qmp.ts';
import { watchMachine } from '../../src/qemu/watch-machine.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';

const DISK_BYTES = 64 * 1024 ** 2;
const DISK_ID = 'drive0';
const TIMEOUT_MS = 8000;

/** A real machine of QEMU's that boots nothing, with one disk and a monitor. */
describe('a checkpoint of a machine', () => {
  let scope: Scope;
  let folder: string;
  const steps: string[] = [];

  beforeEach(async () => {
    scope = new Scope();
    folder = await temporaryFolder(scope);
    steps.length = 0;
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', at('base.qcow2'), `${DISK_BYTES}`]);
  });
  afterEach(async () => {
    await scope[Symbol.asyncDispose]();
  });

  const at = (name: string): string => join(folder, name);

  async function start(disk: string, ...more: readonly string[]): Promise<QmpClient> {
    const socket = at(`${disk}.sock`);
    const stop = new AbortController();
    const machine = [
      ...[
        'qemu-system-x86_64',
        '-nodefaults',
        '-no-user-config',
        '-machine',
        'pc',
        '-accel',
        'tcg',
        '-m',
        '32',
      ],
      ...['-display', 'none', '-drive', `file=${at(disk)},if=virtio,id=${DISK_ID},format=qcow2`],
      ...['-qmp', `unix:${socket},server=on,wait=off`, ...more],
    ];
    const ended = run(machine, { signal: stop.signal, capture: false }).catch(() => undefined);
    const watch = watchMachine(socket, () => undefined);
    scope.defer(async () => {
      watch.stop();
      stop.abort();
      await ended;
    });
    return watch.monitor(AbortSignal.timeout(TIMEOUT_MS));
  }

  const save = (monitor: QmpClient, overlay = 'top.qcow2', memory = 'memory.zst') =>
    saveMachine(monitor, {
      diskId: DISK_ID,
      overlayPath: at(overlay),
      memoryPath: at(memory),
      onStep: (step) => steps.push(step),
    });

  const statusOf = async (monitor: QmpClient): Promise<string> =>
    ((await monitor.execute('query-status')) as { status: string }).status;

  /** The files of its disk, the backing files too. */
  const diskOf = async (monitor: QmpClient): Promise<string> => {
    const [device] = (await monitor.execute('query-block')) as { inserted: { file: string } }[];
    return device?.inserted.file ?? '';
  };

  it('keeps its memory, moves it on to a new disk, and lets it go on; another machine resumes from it', async () => {
    const monitor = await start('base.qcow2');
    await createOverlay(at('top.qcow2'), { path: 'base.qcow2', format: 'qcow2' }, DISK_BYTES);
    const result = await save(monitor);
    expect(result).toMatchObject({ hasNewDisk: true, failure: undefined });
    expect(steps).toEqual(['stopped', 'disk', 'memory', 'running']);
    expect(await statusOf(monitor)).toBe('running');
    expect(await diskOf(monitor)).toContain(at('top.qcow2'));
    expect((await stat(at('memory.zst'))).mode & 0o777).toBe(0o600);

    await createOverlay(at('second.qcow2'), { path: 'base.qcow2', format: 'qcow2' }, DISK_BYTES);
    const second = await start('second.qcow2', '-incoming', `exec:zstd -dc '${at('memory.zst')}'`);
    await wakeMachine(second, AbortSignal.timeout(TIMEOUT_MS));
    expect(await statusOf(second)).toBe('running');
  });

  it('lets it go on when the memory cannot be written, and leaves no half of it', async () => {
    const monitor = await start('base.qcow2');
    await createOverlay(at('top.qcow2'), { path: 'base.qcow2', format: 'qcow2' }, DISK_BYTES);
    const result = await save(monitor, 'top.qcow2', 'nowhere/memory.zst');
    expect(result.hasNewDisk).toBe(true);
    expect(result.failure).toMatch(/memory could not be/);
    expect(await statusOf(monitor)).toBe('running');
    expect((await readdir(folder)).filter((name) => name.startsWith('memory'))).toEqual([]);
  });

  it('lets it go on with its old disk when the new one is not there', async () => {
    const monitor = await start('base.qcow2');
    const result = await save(monitor);
    expect(result.hasNewDisk).toBe(false);
    expect(result.failure).toContain('top.qcow2');
    expect(await statusOf(monitor)).toBe('running');
    expect(await diskOf(monitor)).not.toContain(at('top.qcow2'));
  });

  it('does not wake a machine whose memory cannot be read', async () => {
    await writeFile(at('memory.zst'), 'this is no memory');
    const waking = start('base.qcow2', '-incoming', `exec:zstd -dc '${at('memory.zst')}'`).then((monitor) =>
      wakeMachine(monitor, AbortSignal.timeout(TIMEOUT_MS)),
    );
    await expect(waking).rejects.toThrow();
  });
});
