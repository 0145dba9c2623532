import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asError } from '../errors.ts';
import type { BootProof } from '../events.ts';
import { Scope } from '../system/scope.ts';
import { diagnose, finalSymptom } from './diagnose.ts';
import { describeHardware } from './look-alike.ts';
import type { ProofMachine } from './machine-arguments.ts';
import { prepareMachine } from './new-machine.ts';
import { readConsole, type RunningMachine, startProofMachine } from './proof-machine.ts';
import type { Candidate, ProofTerms } from './proof-terms.ts';
import { type ProveOptions, type Visit, visitMachine } from './visit.ts';

/** What a boot showed, and the console's text for those who explain a failure. */
export interface ProvenImage {
  readonly proof: BootProof;
  readonly console: string;
}

/** How much of a proof is done when it has come so far. */
const FRACTIONS = { started: 0.05, asked: 0.95 } as const;

/**
 * Boots a copy of an image, which itself is not changed, with the user data of a new machine, looks at it, and keeps a
 * picture of its screen and its console's text. A boot that fails is a result; what throws is a bug, a tool or a host that
 * cannot run the machine, or the signal's reason.
 */
export async function proveImage(
  candidate: Candidate,
  terms: ProofTerms,
  options: ProveOptions,
): Promise<ProvenImage> {
  await using scope = new Scope();
  const startMs = performance.now();
  const { machine, guest } = await prepareMachine(scope, candidate, terms);
  const running = startProofMachine(scope, machine, terms);
  options.onFraction(FRACTIONS.started);
  const visit = await visitMachine(running, candidate, terms, { ...options, guest });
  options.onFraction(FRACTIONS.asked);
  const console = await readConsole(machine.serialLog);
  const cause = await causeOf(visit, console, machine);
  const checks = visit.reached === 'inside' ? visit.checks : [];
  const isOk = cause === undefined && checks.every(({ outcome }) => outcome !== 'failed');
  const evidence = await keepEvidence(candidate, machine, running, terms.evidenceFolder);
  const proof: BootProof = {
    format: candidate.format,
    file: candidate.file,
    hardware: describeHardware(candidate.lookAlike, candidate.uefi === undefined ? 'bios' : 'uefi'),
    outcome: isOk ? 'ok' : 'failed',
    durationMs: Math.round(performance.now() - startMs),
    ...(visit.reached === 'outside' ? {} : { bootMs: visit.bootMs }),
    checks,
    ...(cause === undefined ? {} : { cause }),
    ...evidence,
  };
  return { console, proof };
}

/** Why a machine failed that did not come as far as its checks, or not to their end. */
async function causeOf(
  visit: Visit,
  serial: string,
  { firmwareLog }: ProofMachine,
): Promise<string | undefined> {
  const firmware = await readConsole(firmwareLog);
  switch (visit.reached) {
    case 'outside':
      return diagnose(serial, firmware, visit.ending);
    case 'door':
      return finalSymptom(serial, firmware) ?? `ssh answers, but does not let you in: ${visit.refusal}`;
    case 'inside':
      if (visit.ending === undefined) return undefined;
      return `ssh answered, and then the machine ended: ${visit.ending}`;
  }
}

/** The files of the evidence, by what they are, and why there is no picture of the screen. */
async function keepEvidence(
  { evidenceName }: Candidate,
  { serialLog }: ProofMachine,
  running: RunningMachine,
  folder: string,
): Promise<Pick<BootProof, 'screenshot' | 'noScreenshot' | 'console'>> {
  const screenshot = `${evidenceName}.png`;
  const console = `${evidenceName}.console.log`;
  const picture = await running.screenshot(join(folder, screenshot)).then(
    () => ({ screenshot }),
    (thrown: unknown) => ({ noScreenshot: asError(thrown).message }),
  );
  const hasConsole = await copyFile(serialLog, join(folder, console)).then(
    () => true,
    () => false,
  );
  return { ...picture, ...(hasConsole ? { console } : {}) };
}
