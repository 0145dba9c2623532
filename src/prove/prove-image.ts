import { randomBytes } from 'node:crypto';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BootProof, ProofCheck } from '../events.ts';
import type { Accelerator } from '../qemu/accelerator.ts';
import { type DiskFile, diskArguments } from '../qemu/disk-file.ts';
import type { GuestLogin } from '../qemu/guest-ssh.ts';
import { createOverlay } from '../qemu/qemu-img.ts';
import { plainTemporaryParent, temporaryFolder } from '../system/files.ts';
import { freePort } from '../system/free-port.ts';
import { Scope } from '../system/scope.ts';
import { qemuArguments } from '../userdata/qemu-arguments.ts';
import { planUserData, type UserDataFamily } from '../userdata/user-data.ts';
import { writeUserData } from '../userdata/write-user-data.ts';
import { askGuest } from './ask-guest.ts';
import { type Expectation, judgeFacts, type ProvenPayload } from './checks.ts';
import { diagnose } from './diagnose.ts';
import { judgeDistinct } from './distinct.ts';
import type { GuestFacts } from './guest-facts.ts';
import { describeHardware, type Firmware, type LookAlike } from './look-alike.ts';
import type { ProofMachine } from './machine-arguments.ts';
import { readConsole, type RunningMachine, startProofMachine } from './proof-machine.ts';
import { runUserCheck, type UserCheck } from './user-checks.ts';

/** One file to boot, and on what. */
export interface Candidate {
  readonly format: string;
  /** The image's name, for people. */
  readonly file: string;
  /** How QEMU reads its disk. */
  readonly disk: DiskFile;
  readonly virtualSizeBytes: number;
  readonly lookAlike: LookAlike;
  readonly firmware: Firmware;
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
  readonly userChecks: readonly UserCheck[];
  /** Where pictures, consoles, and for a while the machines' disks are. */
  readonly evidenceFolder: string;
  readonly runId: string | undefined;
  readonly signal: AbortSignal;
}

export interface ProveOptions {
  /** Told of the part that is done, 0 to 1: an estimate. */
  readonly onFraction: (fraction: number) => void;
  /** What machines of the same image told of themselves before; this one adds itself. */
  readonly earlier: GuestFacts[];
}

/** What a boot showed, and the console's text for those who explain a failure. */
export interface ProvenImage {
  readonly proof: BootProof;
  readonly console: string;
}

/** So much more disk than the image has, so that a root that grows can be told. */
const GROWTH_BYTES = 1024 ** 3;
/** How much of a proof is done when it has come so far. */
const FRACTIONS = { started: 0.05, answering: 0.6, asked: 0.95 } as const;

/**
 * Boots a copy of an image, which itself is not changed, with the user data of a new machine, looks at it, and keeps a
 * picture of its screen and its console's text. A boot that fails is a result; what throws is a bug, a tool that is
 * missing, or the signal's reason.
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
    hardware: describeHardware(candidate.lookAlike, candidate.firmware),
    outcome: isOk ? 'ok' : 'failed',
    durationMs: Math.round(performance.now() - startMs),
    ...(visit.reached === 'outside' ? {} : { bootMs: visit.bootMs }),
    checks,
    ...(cause === undefined ? {} : { cause }),
    ...evidence,
  };
  return { console, proof };
}

/** The new machine as its owner knows it. */
interface Guest {
  readonly login: GuestLogin;
  readonly hostname: string | undefined;
  readonly diskBytes: number;
}

async function prepareMachine(
  scope: Scope,
  candidate: Candidate,
  terms: ProofTerms,
): Promise<{ readonly machine: ProofMachine; readonly guest: Guest }> {
  const runFolder = await temporaryFolder(scope, plainTemporaryParent());
  // What the machine writes may be much: where there is room, not in memory.
  const overlay = join(await temporaryFolder(scope, terms.evidenceFolder), 'disk.qcow2');
  const { disk, virtualSizeBytes } = candidate;
  const diskBytes = virtualSizeBytes + GROWTH_BYTES;
  await createOverlay(overlay, { path: diskArguments('-f', disk).name, format: disk.driver }, diskBytes);
  const sshPort = await freePort();
  const hostname = `proof-${randomBytes(4).toString('hex')}`;
  const data = planUserData({ family: terms.family, publicKey: terms.publicKey, hostname });
  const userData = join(runFolder, data.kind === 'ignition' ? 'config.ign' : 'config-drive.iso');
  await writeUserData(data, userData, terms.signal);
  return {
    machine: {
      ...terms,
      lookAlike: candidate.lookAlike,
      firmware: candidate.firmware,
      overlay,
      userData: qemuArguments(data, userData),
      sshPort,
      macAddress: randomMacAddress(),
      monitorSocket: join(runFolder, 'qmp.sock'),
      serialLog: join(runFolder, 'serial.log'),
      firmwareLog: join(runFolder, 'firmware.log'),
    },
    guest: {
      login: { port: sshPort, keyPath: terms.keyPath, user: terms.user },
      // Ignition is told no host name.
      hostname: data.kind === 'ignition' ? undefined : hostname,
      diskBytes,
    },
  };
}

/** One of QEMU's own range, and not the build machine's: an image that expects that one is found out. */
function randomMacAddress(): string {
  return ['52', '54', '00', ...(randomBytes(3).toString('hex').match(/../g) ?? [])].join(':');
}

/** How far somebody comes who starts a machine and logs in. */
type Visit =
  | { readonly reached: 'inside'; readonly bootMs: number; readonly checks: readonly ProofCheck[] }
  | { readonly reached: 'door'; readonly bootMs: number; readonly refusal: string }
  | { readonly reached: 'outside'; readonly lastWords?: string };

async function visitMachine(
  running: RunningMachine,
  candidate: Candidate,
  terms: ProofTerms,
  { guest, onFraction, earlier }: ProveOptions & { readonly guest: Guest },
): Promise<Visit> {
  const startMs = performance.now();
  const boot = await running.boot(terms.bootTimeoutMs);
  if (boot.reached === 'end') return { reached: 'outside', lastWords: boot.why };
  if (boot.reached === 'time-out') return { reached: 'outside' };
  const bootMs = Math.round(performance.now() - startMs);
  onFraction(FRACTIONS.answering);
  const { payload, publicKey, userChecks } = terms;
  const { signal } = running;
  const { drivers } = candidate.lookAlike;
  const answer = await askGuest(guest.login, { drivers, payload }, signal);
  if ('refusal' in answer) return { reached: 'door', bootMs, refusal: answer.refusal };
  const { facts } = answer;
  const expected: Expectation = { ...guest, publicKey: keyItself(publicKey), drivers, payload };
  const checks = [
    { check: 'login', outcome: 'ok', detail: `${terms.user}, with sudo` } as const,
    ...judgeFacts(facts, expected),
    ...judgeDistinct(facts, earlier),
  ];
  earlier.push(facts);
  for (const check of userChecks) {
    checks.push(await runUserCheck(check, guest.login, candidate.format, signal));
  }
  return { reached: 'inside', bootMs, checks };
}

/** A key without its comment. */
function keyItself(line: string): string {
  return line.split(' ').slice(0, 2).join(' ');
}

async function causeOf(
  visit: Visit,
  serial: string,
  { firmwareLog }: ProofMachine,
): Promise<string | undefined> {
  if (visit.reached === 'inside') return undefined;
  if (visit.reached === 'door') return `ssh answers, but does not let you in: ${visit.refusal}`;
  return diagnose(serial, await readConsole(firmwareLog), visit.lastWords);
}

/** The files of the evidence, by what they are; a machine that is gone has no screen any more. */
async function keepEvidence(
  { evidenceName }: Candidate,
  { serialLog }: ProofMachine,
  running: RunningMachine,
  folder: string,
): Promise<Pick<BootProof, 'screenshot' | 'console'>> {
  const screenshot = `${evidenceName}.png`;
  const console = `${evidenceName}.console.log`;
  const hasScreen = await running.screenshot(join(folder, screenshot)).then(
    () => true,
    () => false,
  );
  const hasConsole = await copyFile(serialLog, join(folder, console)).then(
    () => true,
    () => false,
  );
  return { ...(hasScreen ? { screenshot } : {}), ...(hasConsole ? { console } : {}) };
}
