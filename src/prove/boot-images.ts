import { basename, join } from 'node:path';
import { BuilderError, BuilderErrors } from '../errors.ts';
import type { BootProof, Emit } from '../events.ts';
import { type Comparison, type ProofRecord, writeProofRecord } from '../output/proof-record.ts';
import { atOnce } from '../system/at-once.ts';
import { type HostResources, planBoots } from './boot-plan.ts';
import { lastLines } from './diagnose.ts';
import { type DiskLeftovers, readLeftovers } from './disk-leftovers.ts';
import { firmwareFor } from './firmware.ts';
import type { GuestFacts } from './guest-facts.ts';
import { lookAlikeOf } from './look-alike.ts';
import type { OpenedImage } from './opened-image.ts';
import type { Candidate, ProofTerms } from './proof-terms.ts';
import { proveImage, type ProvenImage } from './prove-image.ts';
import type { ProveOptions } from './visit.ts';

export interface BootRequest {
  readonly images: readonly OpenedImage[];
  /** What was found before, for the record. */
  readonly comparison?: Comparison;
  readonly terms: Omit<ProofTerms, 'cpus' | 'onDisk'>;
  readonly host: HostResources;
  readonly emit: Emit;
}

/**
 * Boots every image on hardware like its target's, as many at once as the host has processors and memory for; one that
 * is alone is booted twice, since two machines of an image must differ. Writes the evidence and its record into a folder
 * that is there. Fails with `proof-failed`, for all that failed, when all have ended.
 */
export async function bootImages(request: BootRequest): Promise<ProofRecord> {
  const { images, comparison, host, emit } = request;
  const { evidenceFolder, accelerator, memoryBytes, signal } = request.terms;
  const onDisk = await lookAtDisk(images, { emit, signal });
  const candidates = await planCandidates(images, { emit, signal });
  const plan = planBoots(candidates.length, memoryBytes, accelerator, host);
  const terms = { ...request.terms, onDisk, cpus: plan.cpusEach };
  const earlier: GuestFacts[] = [];
  const proven = await atOnce(candidates, plan.atOnce, (candidate) => {
    const onFraction = (fraction: number): void => {
      emit({ type: 'progress', phase: 'prove', item: candidate.evidenceName, fraction });
    };
    return proveAndTell(candidate, terms, { onFraction, earlier }, emit);
  });
  const boots = proven.map(({ proof }) => proof);
  const findings = { ...(comparison === undefined ? {} : { comparison }), accelerator, boots };
  const record = await writeProofRecord(evidenceFolder, findings);
  throwFailures(proven, evidenceFolder);
  return record;
}

async function proveAndTell(
  candidate: Candidate,
  terms: ProofTerms,
  options: ProveOptions,
  emit: Emit,
): Promise<ProvenImage> {
  const result = await proveImage(candidate, terms, options);
  options.onFraction(1);
  emit({ type: 'image-proven', ...result.proof });
  const { noScreenshot } = result.proof;
  if (noScreenshot !== undefined) {
    const text = `${candidate.evidenceName}: there is no picture of its screen: ${noScreenshot}`;
    emit({ type: 'notice', level: 'warning', text });
  }
  return result;
}

/** What is left on the disk that all the images hold. */
async function lookAtDisk(
  [first]: readonly OpenedImage[],
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<DiskLeftovers> {
  if (first === undefined) return { paths: [] };
  const onDisk = await readLeftovers(first.disk, signal);
  if ('unread' in onDisk) {
    const text = `what the build left is looked for in the machines alone: ${onDisk.unread}`;
    emit({ type: 'notice', level: 'info', text });
  }
  return onDisk;
}

async function planCandidates(
  images: readonly OpenedImage[],
  { emit, signal }: { readonly emit: Emit; readonly signal: AbortSignal },
): Promise<readonly Candidate[]> {
  const candidates: Omit<Candidate, 'evidenceName'>[] = [];
  for (const { format, file, disk, virtualSizeBytes } of images) {
    const lookAlike = lookAlikeOf(format.name);
    const { uefi, note } = await firmwareFor(lookAlike, disk, signal);
    if (note !== undefined) emit({ type: 'notice', level: 'info', text: `${format.name}: ${note}` });
    candidates.push({ format: format.name, file, disk, virtualSizeBytes, lookAlike, uefi });
  }
  return withNames(candidates.length === 1 ? [...candidates, ...candidates] : candidates);
}

/** Names of the evidence: the format's, with a number from the second boot of a format on. */
function withNames(candidates: readonly Omit<Candidate, 'evidenceName'>[]): readonly Candidate[] {
  const counts = new Map<string, number>();
  return candidates.map((candidate) => {
    const { format } = candidate;
    const count = (counts.get(format) ?? 0) + 1;
    counts.set(format, count);
    return { ...candidate, evidenceName: count === 1 ? format : `${format}-${count}` };
  });
}

function throwFailures(proven: readonly ProvenImage[], evidenceFolder: string): void {
  const failures = proven.filter(({ proof }) => proof.outcome === 'failed');
  const errors = failures.map((failure) => failureOf(failure, evidenceFolder));
  const [first] = errors;
  if (first === undefined) return;
  throw errors.length === 1 ? first : new BuilderErrors(errors);
}

function failureOf({ proof, console }: ProvenImage, evidenceFolder: string): BuilderError {
  const { file, hardware, cause, checks } = proof;
  const failedChecks = checks.filter(({ outcome }) => outcome === 'failed');
  const why = cause ?? failedChecks.map(({ check, detail }) => `${check}: ${detail ?? 'failed'}`).join('; ');
  const what = cause === undefined ? 'is not right' : 'does not start';
  return new BuilderError('proof-failed', `${file} ${what} on hardware like ${hardware}: ${why}`, {
    hint: evidenceHint(proof, basename(evidenceFolder)),
    tail: cause === undefined ? [] : lastLines(console),
  });
}

/** With the folder's name alone: a build that fails moves it aside. */
function evidenceHint({ screenshot, console }: BootProof, folder: string): string {
  const names = [screenshot, console].flatMap((name) => (name === undefined ? [] : [join(folder, name)]));
  return names.length === 0 ? 'it left no console' : `look at ${names.join(' and ')}`;
}
