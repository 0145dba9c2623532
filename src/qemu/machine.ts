import type { Accelerator } from './accelerator.ts';

/** QEMU's arguments that decide how guest code runs, by argument name. */
export interface AccelerationArgs {
  readonly accel: string;
  readonly cpu: string;
}

/**
 * Under TCG a large translation cache keeps Python's start-ups from being translated again and again, and a plain CPU
 * model keeps the C library from choosing vector code that is slow to emulate. Under KVM the host's own CPU is fastest.
 */
export function accelerationArgs(accelerator: Accelerator): AccelerationArgs {
  return accelerator === 'kvm'
    ? { accel: 'kvm', cpu: 'host' }
    : { accel: 'tcg,thread=multi,tb-size=1024', cpu: 'qemu64' };
}
