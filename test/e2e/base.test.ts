import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideDebianDisk } from '../../src/base/embedded-base.ts';
import { EMBEDDED_RECIPE } from '../../src/base/embedded-recipe.ts';
import { Interrupted } from '../../src/errors.ts';
import type { Emit } from '../../src/events.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { Scope } from '../../src/system/scope.ts';
import { type Machine, startMachine } from './rig/machine.ts';
import { sharedBase } from './rig/shared-base.ts';

const GIB = 1024 ** 3;

/** One disk: started by UEFI with user data of the kind that builds do not use, then by BIOS without any. */
describe('the embedded base', () => {
  const scope = new Scope();
  let machine: Machine;
  const outputOf = async ({ ssh }: Machine, command: string): Promise<string> =>
    (await ssh(command)).stdout.trim();
  const output = (command: string): Promise<string> => outputOf(machine, command);
  const FIRMWARE = 'test -d /sys/firmware/efi && echo uefi || echo bios';

  beforeAll(async () => {
    const disk = await sharedBase();
    machine = await startMachine(scope, {
      disk,
      firmware: 'uefi',
      driveKind: 'nocloud',
      diskSizeBytes: 10 * GIB,
    });
    const { bootSeconds, bootCpuSeconds } = machine;
    console.log(`ssh after ${bootSeconds.toFixed(1)} s, ${bootCpuSeconds.toFixed(1)} s of CPU`);
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  it('starts by UEFI', async () => {
    expect(await output(FIRMWARE)).toBe('uefi');
  });

  it('ends its start with every unit up', async () => {
    const state = await output('systemctl is-system-running --wait');
    const failed = await output('systemctl --failed --no-legend --plain');
    expect({ state, failed }).toEqual({ state: 'running', failed: '' });
  });

  it('starts programs at the same addresses each time, as this emulated machine is told', async () => {
    expect(await output('cat /proc/sys/kernel/randomize_va_space')).toBe('0');
  });

  it('has its network card as eth0, with an address', async () => {
    expect(await output('ip -br -4 address show eth0')).toContain('10.0.2.15');
  });

  it('has a root that fills the disk', async () => {
    const rootBytes = Number(await output('df --output=size -B1 / | tail -1'));
    expect(rootBytes).toBeGreaterThan(9.3 * GIB);
  });

  it('lets core become root without a password, and nobody log in with one', async () => {
    expect(await output('sudo -n id -u')).toBe('0');
    expect(await output('sudo getent shadow core root | cut -d: -f2 | grep -cv "^[!*]"')).toBe('0');
  });

  it('resolves names by the network it is in', async () => {
    expect((await machine.ssh('resolvectl dns eth0')).stdout).toContain('10.0.2.3');
  });

  it('starts again by BIOS and a menu made anew, without any user data', async () => {
    expect((await machine.ssh('sudo update-grub')).exitCode).toBe(0);
    const menu = await output('sudo grep -m1 "^[[:space:]]*linux" /boot/grub/grub.cfg');
    expect(menu).toContain('net.ifnames=0');
    expect(menu).toContain('console=ttyS0,115200');
    // Off and on, and not a reboot: a warm reset makes the boot loader many times slower under TCG.
    await machine.powerOff();
    const again = await startMachine(scope, { disk: machine.disk, key: machine.key });
    expect(await outputOf(again, FIRMWARE)).toBe('bios');
    expect(await outputOf(again, 'systemctl is-system-running --wait')).toBe('running');
    expect(await outputOf(again, 'ip -br -4 address show eth0')).toContain('10.0.2.15');
  });
});

it('leaves nothing behind when making it is stopped', async () => {
  await using scope = new Scope();
  const cacheFolder = await temporaryFolder(scope);
  const controller = new AbortController();
  const reason = new Interrupted('SIGINT');
  const emit: Emit = (event) => {
    if (event.type === 'tool-output' && event.line.startsWith('I: extracting archives'))
      controller.abort(reason);
  };
  const options = { emit, signal: controller.signal };
  await expect(provideDebianDisk(EMBEDDED_RECIPE, cacheFolder, options)).rejects.toBe(reason);
  const left = await readdir(cacheFolder);
  expect(left.filter((name) => !name.endsWith('.lock'))).toEqual([]);
});
