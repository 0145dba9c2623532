import type { Accelerator } from '../qemu/accelerator.ts';
import type { Settings } from '../settings/settings.ts';

const DEFAULT_TIMEOUT_MS = { kvm: 5 * 60_000, tcg: 15 * 60_000 } as const;

/** How long a machine may take until SSH answers: as wished, or as its accelerator needs. */
export function bootTimeoutMs({ sshTimeoutMs }: Settings, accelerator: Accelerator): number {
  return sshTimeoutMs ?? DEFAULT_TIMEOUT_MS[accelerator];
}
