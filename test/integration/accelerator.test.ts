import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseAccelerator, probeArgs } from '../../src/qemu/accelerator.ts';
import { BOOT_SECTOR_EXIT_CODE, bootSector } from '../../src/qemu/boot-sector.ts';
import { run } from '../../src/system/process.ts';

let folder: string;
let device: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-accel-'));
  device = join(folder, 'kvm');
  await writeFile(device, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Puts a QEMU in front of PATH that does what the shell lines say. */
async function fakeQemu(lines: string): Promise<void> {
  const path = join(folder, 'qemu-system-x86_64');
  await writeFile(path, `#!/bin/sh\n${lines}\n`);
  await chmod(path, 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
}

describe('the boot sector', () => {
  it('reaches 64-bit code and says so by its exit code (real QEMU, emulated)', async () => {
    const image = join(folder, 'probe.img');
    await writeFile(image, bootSector());
    const { exitCode } = await run(probeArgs('tcg', image), {
      acceptExitCodes: [BOOT_SECTOR_EXIT_CODE],
      timeoutMs: 30_000,
    });
    expect(exitCode).toBe(BOOT_SECTOR_EXIT_CODE);
  });
});

describe('the accelerator', () => {
  it('is KVM when it runs 64-bit code', async () => {
    await fakeQemu(`exit ${BOOT_SECTOR_EXIT_CODE}`);
    expect(await chooseAccelerator('auto', { device })).toMatchObject({ accelerator: 'kvm' });
  });

  it.each([
    ['hangs', 'exec sleep 60', /no answer to 64-bit code in 2 s/],
    [
      'is refused',
      'echo "qemu: failed to initialize kvm: Permission denied" >&2; exit 1',
      /failed to initialize kvm/,
    ],
    ['comes out without having run', 'exit 0', /without running it/],
  ])('is TCG, with the reason, when KVM %s', async (_what, lines, reason) => {
    await fakeQemu(lines);
    const choice = await chooseAccelerator('auto', { device });
    expect(choice.accelerator).toBe('tcg');
    expect(choice.reason).toMatch(reason);
  });

  it('is TCG without a device, and nothing is started to find out', async () => {
    await fakeQemu('touch "$0.started"');
    const choice = await chooseAccelerator('auto', { device: join(folder, 'none') });
    expect(choice).toMatchObject({
      accelerator: 'tcg',
      reason: expect.stringContaining('there is no') as string,
    });
    await expect(rm(join(folder, 'qemu-system-x86_64.started'))).rejects.toThrow('ENOENT');
  });

  it('asked for as KVM is an error when it cannot be used', async () => {
    await fakeQemu('exec sleep 60');
    await expect(chooseAccelerator('kvm', { device })).rejects.toMatchObject({
      code: 'accelerator-unusable',
      message: expect.stringMatching(/^ACCELERATOR is kvm, but KVM opens but gave no answer/) as string,
    });
  });

  it('asked for as TCG is not questioned', async () => {
    await fakeQemu('exec sleep 60');
    expect(await chooseAccelerator('tcg', { device })).toEqual({
      accelerator: 'tcg',
      reason: 'asked for',
    });
  });
});
