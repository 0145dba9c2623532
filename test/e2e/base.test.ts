import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { provideDebianDisk } from '../../src/base/embedded-base.ts';
import { EMBEDDED_RECIPE } from '../../src/base/embedded-recipe.ts';
import type { PreparedBase } from '../../src/base/prepare-base.ts';
import { Interrupted } from '../../src/errors.ts';
import type { Emit } from '../../src/events.ts';
import { temporaryFolder } from '../../src/system/files.ts';
import { Scope } from '../../src/system/scope.ts';
import { type Machine, startMachine } from './rig/machine.ts';
import { sharedBase } from './rig/shared-base.ts';

const GIB = 1024 ** 3;

describe.each([
  { firmware: 'bios', driveKind: 'nocloud' },
  { firmware: 'uefi', driveKind: 'config-drive' },
] as const)('the embedded base by $firmware and $driveKind', ({ firmware, driveKind }) => {
  const scope = new Scope();
  let base: PreparedBase;
  let machine: Machine;
  const output = async (command: string): Promise<string> => (await machine.ssh(command)).stdout.trim();

  beforeAll(async () => {
    base = await sharedBase();
    machine = await startMachine(scope, { disk: base, firmware, driveKind, diskSizeBytes: 10 * GIB });
    const { bootSeconds, bootCpuSeconds } = machine;
    console.log(`${firmware}: ssh after ${bootSeconds.toFixed(1)} s, ${bootCpuSeconds.toFixed(1)} s of CPU`);
  });
  afterAll(async () => {
    await scope[Symbol.asyncDispose]();
  });

  it('starts by that firmware', async () => {
    const found = await output('test -d /sys/firmware/efi && echo uefi || echo bios');
    expect(found).toBe(firmware);
  });

  it('ends its start with every unit up', async () => {
    const state = await output('systemctl is-system-running --wait');
    const failed = await output('systemctl --failed --no-legend --plain');
    expect({ state, failed }).toEqual({ state: 'running', failed: '' });
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

  if (firmware === 'bios')
    it('starts again by a menu made anew, without any user data', async () => {
      expect((await machine.ssh('sudo update-grub')).exitCode).toBe(0);
      const menu = await output('sudo grep -m1 "^[[:space:]]*linux" /boot/grub/grub.cfg');
      expect(menu).toContain('net.ifnames=0');
      expect(menu).toContain('console=ttyS0,115200');
      // Off and on, and not a reboot: a warm reset makes the boot loader many times slower under TCG.
      await machine.powerOff();
      const again = await startMachine(scope, { disk: machine.disk, key: machine.key, firmware });
      expect((await again.ssh('systemctl is-system-running --wait')).stdout.trim()).toBe('running');
      expect((await again.ssh('ip -br -4 address show eth0')).stdout).toContain('10.0.2.15');
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
