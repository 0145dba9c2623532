import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { diskArguments } from '../qemu/disk-file.ts';
import { createOverlay } from '../qemu/qemu-img.ts';
import { withOwnVariables } from '../qemu/uefi-firmware.ts';
import { plainTemporaryParent, temporaryFolder } from '../system/files.ts';
import type { Scope } from '../system/scope.ts';
import { qemuArguments } from '../userdata/qemu-arguments.ts';
import { planUserData } from '../userdata/user-data.ts';
import { writeUserData } from '../userdata/write-user-data.ts';
import type { ProofMachine } from './machine-arguments.ts';
import type { Candidate, ProofTerms } from './proof-terms.ts';

/** So much more disk than the image has that a root which did not grow can be told from one that did. */
const SMALLEST_GROWTH_BYTES = 1024 ** 3;
const GROWTH_SHARE = 0.25;

/** The new machine as its owner knows it. */
export interface NewGuest {
  readonly hostname: string | undefined;
  readonly diskBytes: number;
}

/** Makes the disk and the user data of a new machine of an image. They go when the scope ends. */
export async function prepareMachine(
  scope: Scope,
  candidate: Candidate,
  terms: ProofTerms,
): Promise<{ readonly machine: ProofMachine; readonly guest: NewGuest }> {
  const runFolder = await temporaryFolder(scope, plainTemporaryParent());
  // What the machine writes may be much: where there is room, not in memory.
  const overlay = join(await temporaryFolder(scope, terms.evidenceFolder), 'disk.qcow2');
  const { disk, virtualSizeBytes, lookAlike } = candidate;
  const uefi = candidate.uefi && (await withOwnVariables(candidate.uefi, runFolder));
  const { accelerator, cpus, memoryBytes } = terms;
  const diskBytes = grownBytes(virtualSizeBytes);
  await createOverlay(overlay, { path: diskArguments(disk).name, format: disk.driver }, diskBytes);
  const hostname = `proof-${randomBytes(4).toString('hex')}`;
  const data = planUserData({ family: terms.family, publicKey: terms.publicKey, hostname });
  const userData = join(runFolder, data.kind === 'ignition' ? 'config.ign' : 'config-drive.iso');
  await writeUserData(data, userData, terms.signal);
  return {
    machine: {
      ...{ lookAlike, uefi, accelerator, cpus, memoryBytes },
      overlay,
      userData: qemuArguments(data, userData),
      macAddress: randomMacAddress(),
      monitorSocket: join(runFolder, 'qmp.sock'),
      serialLog: join(runFolder, 'serial.log'),
      firmwareLog: join(runFolder, 'firmware.log'),
    },
    guest: {
      // Ignition is told no host name.
      hostname: data.kind === 'ignition' ? undefined : hostname,
      diskBytes,
    },
  };
}

/** A whole number of MiB, which costs nothing: the overlay has only what is written. */
function grownBytes(sizeBytes: number): number {
  const growthBytes = Math.max(SMALLEST_GROWTH_BYTES, sizeBytes * GROWTH_SHARE);
  return Math.ceil((sizeBytes + growthBytes) / 1024 ** 2) * 1024 ** 2;
}

/** One of QEMU's own range, and not the build machine's: an image that expects that one is found out. */
function randomMacAddress(): string {
  return ['52', '54', '00', ...(randomBytes(3).toString('hex').match(/../g) ?? [])].join(':');
}
