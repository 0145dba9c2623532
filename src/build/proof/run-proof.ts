import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asError, BuilderError } from '../../errors.ts';
import { runPhase } from '../../events.ts';
import { resolveKeys } from '../../keys/keys.ts';
import { type Comparison, dropProofRecord, writeProofRecord } from '../../output/proof-record.ts';
import { bootImages } from '../../prove/boot-images.ts';
import { compareImages, type CompareRequest } from '../../prove/compare-images.ts';
import { type OpenedImage, openImage } from '../../prove/opened-image.ts';
import { findUserChecks } from '../../prove/user-checks.ts';
import { chooseAccelerator } from '../../qemu/accelerator.ts';
import type { Settings } from '../../settings/settings.ts';
import { killLeftovers } from '../../system/leftovers.ts';
import { dropTemporaryFolders } from '../../system/files.ts';
import { takeLock } from '../../system/lock.ts';
import { Scope } from '../../system/scope.ts';
import type { BuildContext } from '../context.ts';
import type { ProofTarget } from './proof-target.ts';
import { hostResources, type ProofBasis, proofTerms } from './proof-terms.ts';

/**
 * Proves finished images anew: that each file is the one that was made and holds the same disk as the others, and, unless
 * PROVE says compare, that each starts on hardware like its target's and is right inside. Fails with `proof-failed`,
 * `compare-failed`, `checksum-mismatch` or `input-unreadable`; before all that with what is wrong about the settings.
 */
export async function runProof(
  settings: Settings,
  target: ProofTarget,
  { emit, signal }: Pick<BuildContext, 'emit' | 'signal'>,
): Promise<void> {
  await using scope = new Scope();
  const { evidenceFolder, digests } = target;
  const terms = settings.prove === 'boot' ? await prepareTerms(settings, target, signal) : undefined;
  const runId = await openEvidence(scope, evidenceFolder);
  await runPhase(emit, 'prove', `prove ${target.name}`, async () => {
    const images: OpenedImage[] = [];
    for (const image of target.images) images.push(await openImage(scope, image, evidenceFolder, signal));
    const comparison = await compareAndRecord({ images, digests, emit, signal }, evidenceFolder);
    if (terms === undefined) return;
    const boots = { ...terms, evidenceFolder, runId, signal };
    await bootImages({ images, comparison, terms: boots, host: hostResources(), emit });
  });
}

/** Compares the files, and leaves a record of what was found, though it be all that the proof comes to. */
async function compareAndRecord(request: CompareRequest, evidenceFolder: string): Promise<Comparison> {
  const record = async (comparison: Comparison): Promise<Comparison> => {
    await writeProofRecord(evidenceFolder, { comparison, boots: [] });
    return comparison;
  };
  try {
    await compareImages(request);
  } catch (thrown) {
    if (isDifference(thrown)) await record({ outcome: 'failed', reason: thrown.message });
    throw thrown;
  }
  return record({ outcome: 'ok' });
}

/** As against a tool that is missing, or a Ctrl-C. */
function isDifference(thrown: unknown): thrown is BuilderError {
  return thrown instanceof BuilderError && ['compare-failed', 'checksum-mismatch'].includes(thrown.code);
}

async function prepareTerms(
  settings: Settings,
  target: ProofTarget,
  signal: AbortSignal,
): Promise<ReturnType<typeof proofTerms>> {
  const keys = await resolveKeys(settings.keys, signal);
  if (keys.action === 'make') {
    throw new BuilderError(
      'key-missing',
      `there is no key to log in with: ${keys.privateKeyPath} is not there`,
      {
        hint: 'give the key of the images by SSH_PRIVATE_KEY, or their IMAGE_PATH, which it stands beside',
      },
    );
  }
  const { accelerator } = await chooseAccelerator(settings.accelerator, { signal });
  const basis: ProofBasis = { ...target, keyPath: keys.privateKeyPath, publicKey: keys.publicKey };
  const { proveChecks } = settings;
  const userChecks = proveChecks === undefined ? [] : await findUserChecks(proveChecks);
  return proofTerms(settings, accelerator, basis, userChecks);
}

/** Takes the folder for this proof, kills what is left of one that was killed there, and returns this one's mark. */
async function openEvidence(scope: Scope, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    throw new BuilderError(
      'evidence-unwritable',
      `cannot make the folder ${folder}: ${asError(cause).message}`,
      {
        hint: 'name another one for pictures and consoles by --output-dir',
        cause,
      },
    );
  });
  const runId = `proof-${process.pid}-${Date.now()}`;
  const lock = await takeLock(scope, join(folder, '.lock'), runId);
  if (!lock.taken) {
    throw new BuilderError('image-path-busy', `another proof is at work in ${folder}`, {
      hint: 'wait until it has ended, or name another folder by --output-dir',
    });
  }
  if (lock.previous !== undefined) await killLeftovers(lock.previous.runId);
  await dropProofRecord(folder);
  await dropTemporaryFolders(folder);
  scope.defer(async () => {
    await killLeftovers(runId);
  });
  return runId;
}
