import type { Accelerator } from './accelerator.ts';

/** QEMU's arguments that decide how guest code runs, by argument name. */
export interface AccelerationArgs {
  readonly accel: string;
  readonly cpu: string;
  /** Properties of the machine, to be added to its type. */
  readonly machine: readonly string[];
  /** More arguments, each a name and a value. */
  readonly others: readonly (readonly [name: string, value: string])[];
}

/**
 * An emulated processor that Linux takes for an Atom of the first kind: it speculates nothing, so that the kernel needs
 * none of its guards against that (return trampolines, separate page tables), and its time stamp counter is steady, so
 * that programs read the time without asking the kernel. The features stay those of qemu64: with more of them the C
 * library chooses vector code that is slow to emulate.
 */
const EMULATED_CPU = 'qemu64,vendor=GenuineIntel,family=6,model=28,stepping=10';

/**
 * A credential for systemd 252 and later (systemd.system-credentials(7)), which any other system leaves alone: it has
 * programs start at the same addresses each time. QEMU translates code for an address, and would translate the same
 * libraries again and again for each new process. It is set in the running machine, and nothing of it is in its image.
 */
const FIXED_ADDRESSES = 'io.systemd.credential:sysctl.extra=kernel.randomize_va_space=0';

/**
 * Under TCG a large translation cache keeps Python's start-ups from being translated again and again; the HPET, which
 * every reading of the time would ask through a lock that all processors share, is left out. Under KVM the host's own
 * processor is fastest.
 */
export function accelerationArgs(accelerator: Accelerator): AccelerationArgs {
  return accelerator === 'kvm'
    ? { accel: 'kvm', cpu: 'host', machine: [], others: [] }
    : {
        accel: 'tcg,thread=multi,tb-size=1024',
        cpu: EMULATED_CPU,
        machine: ['hpet=off'],
        others: [['-smbios', `type=11,value=${FIXED_ADDRESSES}`]],
      };
}

/** QEMU's arguments for a machine of this type (`pc`, `q35`), with what decides how guest code runs. */
export function machineTypeArgs(type: string, accelerator: Accelerator): string[] {
  const { accel, cpu, machine, others } = accelerationArgs(accelerator);
  return ['-machine', [type, ...machine].join(','), '-accel', accel, '-cpu', cpu, ...others.flat()];
}
