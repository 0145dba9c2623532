import type { Accelerator } from '../qemu/accelerator.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import type { UefiFirmware } from '../qemu/uefi-firmware.ts';
import type { UserDataFamily } from '../userdata/user-data.ts';
import type { ProvenPayload } from './checks.ts';
import type { DiskLeftovers } from './disk-leftovers.ts';
import type { LookAlike } from './look-alike.ts';
import type { UserCheck } from './user-checks.ts';

/** One file to boot, and on what. */
export interface Candidate {
  readonly format: string;
  /** The image's name, for people. */
  readonly file: string;
  /** How QEMU reads its disk. */
  readonly disk: DiskFile;
  readonly virtualSizeBytes: number;
  readonly lookAlike: LookAlike;
  /** Undefined: it is started by BIOS. */
  readonly uefi: UefiFirmware | undefined;
  /** What its pictures and logs are called, without extension. */
  readonly evidenceName: string;
}

/** What is the same for all machines of a proof. */
export interface ProofTerms {
  readonly accelerator: Accelerator;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** How long SSH may take to answer. */
  readonly bootTimeoutMs: number;
  readonly family: UserDataFamily;
  readonly user: string;
  readonly keyPath: string;
  /** One line of `authorized_keys`. */
  readonly publicKey: string;
  readonly payload: ProvenPayload;
  /** What was left on the disk that all files hold. */
  readonly onDisk: DiskLeftovers;
  readonly userChecks: readonly UserCheck[];
  /** Where pictures, consoles, and for a while the machines' disks are. */
  readonly evidenceFolder: string;
  readonly runId: string | undefined;
  readonly signal: AbortSignal;
}
