import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuilderError, systemCode } from '../errors.ts';
import { temporaryFolder } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import type { ProbeMemory } from './probe-memory.ts';
import { BOOT_SECTOR_EXIT_CODE, bootSector } from './boot-sector.ts';

export type Accelerator = 'kvm' | 'tcg';

/** The accelerator in use and why, in words for the plan. */
export interface AcceleratorChoice {
  readonly accelerator: Accelerator;
  readonly reason: string;
}

export interface ProbeOptions {
  readonly signal?: AbortSignal;
  readonly device?: string;
  /** Keeps the answer of KVM, which takes 2 s to be sure of when there is none. */
  readonly memory?: ProbeMemory;
}

/** KVM that works answers in a fraction of this; KVM that hangs never does. */
const PROBE_TIMEOUT_MS = 2000;

/**
 * Chooses the accelerator. `auto` uses KVM only when it runs 64-bit code: on nested or software-paged KVM the device
 * opens, the BIOS runs, and every 64-bit kernel hangs for ever. Asked for by name, an unusable KVM is an error
 * (`accelerator-unusable`).
 */
export async function chooseAccelerator(
  asked: 'auto' | Accelerator,
  { signal, device = '/dev/kvm', memory }: ProbeOptions = {},
): Promise<AcceleratorChoice> {
  if (asked === 'tcg') return { accelerator: 'tcg', reason: 'asked for' };
  const probe = (): Promise<string | undefined> => codeObstacle(signal);
  const obstacle =
    (await deviceObstacle(device)) ?? (await (memory === undefined ? probe() : memory.recall(probe)));
  if (obstacle === undefined) return { accelerator: 'kvm', reason: 'KVM runs 64-bit code' };
  if (asked === 'auto') return { accelerator: 'tcg', reason: `${obstacle}; emulation is slower` };
  throw new BuilderError('accelerator-unusable', `ACCELERATOR is kvm, but ${obstacle}`, {
    hint: 'make KVM usable, or set ACCELERATOR=tcg to build by emulation',
  });
}

async function deviceObstacle(device: string): Promise<string | undefined> {
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (thrown) {
    if (systemCode(thrown) === 'ENOENT') {
      return `there is no ${device} (no virtualization, or a container without --device ${device})`;
    }
    return `${device} may not be opened (add your user to its group)`;
  }
}

/** Runs the boot sector under KVM; undefined when it reached long mode and came out again. */
async function codeObstacle(signal?: AbortSignal): Promise<string | undefined> {
  await using scope = new Scope();
  const image = join(await temporaryFolder(scope), 'probe.img');
  await writeFile(image, bootSector());
  try {
    const { exitCode } = await run(probeArgs('kvm', image), {
      timeoutMs: PROBE_TIMEOUT_MS,
      killAfterMs: 0,
      stopSignal: 'SIGKILL',
      acceptExitCodes: [BOOT_SECTOR_EXIT_CODE],
      ...(signal === undefined ? {} : { signal }),
    });
    return exitCode === BOOT_SECTOR_EXIT_CODE ? undefined : 'KVM ended the probe without running it';
  } catch (thrown) {
    if (!(thrown instanceof ProcessError)) throw thrown;
    if (thrown.failure === 'not-found') throw thrown;
    if (thrown.failure === 'timed-out') {
      return `KVM opens but gave no answer to 64-bit code in ${PROBE_TIMEOUT_MS / 1000} s`;
    }
    return `QEMU cannot use KVM (${thrown.tail.at(-1) ?? thrown.message})`;
  }
}

/** The smallest machine that boots a floppy and can be left by a write to a port. */
export function probeArgs(accelerator: Accelerator, image: string): string[] {
  return [
    ...['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-machine', 'pc', '-accel', accelerator],
    ...['-m', '16', '-display', 'none', '-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
    ...['-drive', `file=${image.replaceAll(',', ',,')},format=raw,if=floppy,readonly=on`, '-boot', 'a'],
  ];
}
