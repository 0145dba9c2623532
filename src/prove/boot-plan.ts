import type { Accelerator } from '../qemu/accelerator.ts';

/** What the host has to give. */
export interface HostResources {
  readonly cpus: number;
  readonly freeMemoryBytes: number;
}

/** How machines are booted side by side. */
export interface BootPlan {
  readonly atOnce: number;
  readonly cpusEach: number;
}

/** QEMU's own memory, its translation cache included, besides the guest's. */
const OVERHEAD_BYTES = { kvm: 128 * 1024 ** 2, tcg: 640 * 1024 ** 2 } as const;
/** The part of the free memory that is taken. */
const MEMORY_SHARE = 0.8;
/** More do not make a boot faster. */
const MOST_CPUS = 4;

/**
 * Decides how many machines run at once, and with how many processors each: a boot keeps hardly more than one busy, so
 * that they run side by side rather than on many processors one after the other. Always at least one.
 */
export function planBoots(
  boots: number,
  guestMemoryBytes: number,
  accelerator: Accelerator,
  { cpus, freeMemoryBytes }: HostResources,
): BootPlan {
  const each = guestMemoryBytes + OVERHEAD_BYTES[accelerator];
  const byMemory = Math.floor((freeMemoryBytes * MEMORY_SHARE) / each);
  const atOnce = Math.max(1, Math.min(boots, cpus, byMemory));
  return { atOnce, cpusEach: Math.max(1, Math.min(MOST_CPUS, Math.floor(cpus / atOnce))) };
}
