import { availableParallelism } from 'node:os';
import { bootTimeoutMs } from '../../plan/boot-timeout.ts';
import type { ProvenPayload } from '../../prove/checks.ts';
import type { HostResources } from '../../prove/boot-plan.ts';
import type { ProofTerms } from '../../prove/proof-terms.ts';
import type { UserCheck } from '../../prove/user-checks.ts';
import type { Accelerator } from '../../qemu/accelerator.ts';
import type { Settings } from '../../settings/settings.ts';
import type { UserDataFamily } from '../../userdata/user-data.ts';

/** What the images are, whom they let in, and with which key. */
export interface ProofBasis {
  readonly family: UserDataFamily;
  readonly user: string;
  readonly keyPath: string;
  readonly publicKey: string;
  /** The payload's name, as plan and manifest have it. */
  readonly payload: string | undefined;
}

/** The terms of a proof that follow from settings; machines get the memory of the build machine. */
export function proofTerms(
  settings: Settings,
  accelerator: Accelerator,
  { family, user, keyPath, publicKey, payload }: ProofBasis,
  userChecks: readonly UserCheck[],
): Omit<ProofTerms, 'cpus' | 'onDisk' | 'evidenceFolder' | 'runId' | 'signal'> {
  return {
    ...{ family, user, keyPath, publicKey },
    payload: provenPayload(payload),
    accelerator,
    memoryBytes: settings.memoryBytes,
    bootTimeoutMs: bootTimeoutMs(settings, accelerator),
    userChecks,
  };
}

/** What this machine can give to a proof now. */
export function hostResources(): HostResources {
  return { cpus: availableParallelism(), freeMemoryBytes: process.availableMemory() };
}

function provenPayload(name: string | undefined): ProvenPayload {
  return name === 'container-host' || name === 'dcos' ? name : 'other';
}
