import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { processesWith } from '../../support/processes.ts';
import { FakeExecutables } from './fake-executables.ts';

/** Starts a program as the code under test would: by its name, through PATH. */
function start(
  rig: FakeExecutables,
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const [name = '', ...args] = argv;
  return spawn(name, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options,
    env: { ...rig.env, ...options.env },
  });
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode ?? child.signalCode;
}

describe('FakeExecutables', () => {
  it('shows the test how the program was started', async () => {
    await using rig = await FakeExecutables.create();
    const packer = await rig.command('packer');
    const child = start(rig, ['packer', 'build', '', "it's $HOME"], { cwd: '/', env: { COLOUR: 'blue' } });
    const call = await packer.nextCall();
    expect(call).toMatchObject({
      name: 'packer',
      args: ['build', '', "it's $HOME"],
      cwd: '/',
      pid: child.pid,
    });
    expect(call.env['COLOUR']).toBe('blue');
    await call.exit(0);
  });

  it('prints what the test says, when it says so, and exits as told', async () => {
    await using rig = await FakeExecutables.create();
    const packer = await rig.command('packer');
    const child = start(rig, ['packer']);
    const stderr = text(child.stderr);
    const call = await packer.nextCall();
    const [printed] = await Promise.all([once(child.stdout, 'data'), call.stdout('one\n')]);
    expect(printed.map(String)).toEqual(['one\n']);
    await call.stderr('oops');
    await call.exit(42);
    expect(await exitOf(child)).toBe(42);
    expect(await stderr).toBe('oops');
  });

  it('prints more than a pipe holds while the reader is slow', async () => {
    await using rig = await FakeExecutables.create();
    const tool = await rig.command('tool');
    const child = start(rig, ['tool']);
    const call = await tool.nextCall();
    const long = 'x'.repeat(1_000_000);
    const written = call.stdout(long);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const stdout = text(child.stdout);
    await written;
    await call.exit(0);
    expect((await stdout).length).toBe(long.length);
  });

  it('reads its input', async () => {
    await using rig = await FakeExecutables.create();
    const tool = await rig.command('tool');
    const child = start(rig, ['tool']);
    const call = await tool.nextCall();
    child.stdin?.end('from outside');
    expect(await call.stdin()).toBe('from outside');
    await call.exit(0);
  });

  it('dies of a signal by default, and the test sees it', async () => {
    await using rig = await FakeExecutables.create();
    const tool = await rig.command('tool');
    const child = start(rig, ['tool']);
    const call = await tool.nextCall();
    child.kill('SIGTERM');
    await call.ended;
    expect(await exitOf(child)).toBe('SIGTERM');
    await expect(call.stdout('too late')).rejects.toThrow(/has ended/);
  });

  it('catches signals when told to, and the test decides what follows', async () => {
    await using rig = await FakeExecutables.create();
    const tool = await rig.command('tool');
    const child = start(rig, ['tool']);
    const call = await tool.nextCall();
    await call.catchSignals('SIGTERM', 'SIGINT');
    child.kill('SIGTERM');
    expect(await call.nextSignal()).toBe('SIGTERM');
    child.kill('SIGINT');
    expect(await call.nextSignal()).toBe('SIGINT');
    await call.exit(5);
    expect(await exitOf(child)).toBe(5);
    await expect(call.nextSignal()).rejects.toThrow(/has ended/);
  });

  it('keeps calls apart, in their order, and calls that came before they were asked for', async () => {
    await using rig = await FakeExecutables.create();
    const [packer, qemuImg] = [await rig.command('packer'), await rig.command('qemu-img')];
    start(rig, ['packer', 'first']);
    const first = await packer.nextCall();
    start(rig, ['qemu-img', 'info']);
    start(rig, ['packer', 'second']);
    const second = await packer.nextCall();
    expect([first.args, second.args, (await qemuImg.nextCall()).args]).toEqual([
      ['first'],
      ['second'],
      ['info'],
    ]);
    expect(packer.calls).toEqual([first, second]);
  });

  it('answers every call by itself when told how', async () => {
    await using rig = await FakeExecutables.create();
    const echo = await rig.command('qemu-img', async (call) => {
      await call.stdout(call.args.join('+'));
      await call.exit(0);
    });
    const outputs = [['a', 'b'], ['c']].map((args) => text(start(rig, ['qemu-img', ...args]).stdout));
    expect(await Promise.all(outputs)).toEqual(['a+b', 'c']);
    expect(echo.calls).toHaveLength(2);
  });

  it('shows a mistake in an answer as a failed tool', async () => {
    await using rig = await FakeExecutables.create();
    await rig.command('tool', () => Promise.reject(new Error('wrong expectation')));
    const child = start(rig, ['tool']);
    const stderr = text(child.stderr);
    expect(await exitOf(child)).toBe(98);
    expect(await stderr).toContain('wrong expectation');
  });

  it('says which program was not started in time', async () => {
    await using rig = await FakeExecutables.create();
    const packer = await rig.command('packer');
    await expect(packer.nextCall(50)).rejects.toThrow('packer was not started within 50 ms');
  });

  it('leaves nothing behind, also of a fake that ignores signals', async () => {
    const label = `fake-${process.pid}-${Date.now()}`;
    let child: ChildProcess;
    let folder: string;
    {
      await using rig = await FakeExecutables.create();
      ({ folder } = rig);
      const tool = await rig.command('tool');
      child = start(rig, ['tool'], { env: { TEST_LABEL: label } });
      await (await tool.nextCall()).catchSignals('SIGTERM', 'SIGINT', 'SIGHUP');
    }
    expect(await exitOf(child)).toBe(97);
    expect(await processesWith(`TEST_LABEL=${label}`)).toEqual([]);
    await expect(access(folder)).rejects.toThrow(/ENOENT/);
  });
});
