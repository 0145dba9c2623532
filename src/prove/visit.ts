import type { ProofCheck } from '../events.ts';
import type { GuestLogin } from '../qemu/guest-ssh.ts';
import { askGuest } from './ask-guest.ts';
import { judgeFacts } from './checks.ts';
import { judgeDistinct } from './distinct.ts';
import type { GuestFacts } from './guest-facts.ts';
import type { NewGuest } from './new-machine.ts';
import type { RunningMachine } from './proof-machine.ts';
import type { Candidate, ProofTerms } from './proof-terms.ts';
import { runUserCheck, type UserCheck } from './user-checks.ts';

export interface ProveOptions {
  /** Told of the part that is done, 0 to 1: an estimate. */
  readonly onFraction: (fraction: number) => void;
  /** What machines of the same image told of themselves before; this one adds itself. */
  readonly earlier: GuestFacts[];
}

/** How much of a proof is done when the machine has answered. */
const ANSWERING_FRACTION = 0.6;

/** How far somebody comes who starts a machine and logs in. `ending` is why it did not run until the visit was over. */
export type Visit =
  | { readonly reached: 'outside'; readonly ending?: string }
  | { readonly reached: 'door'; readonly bootMs: number; readonly refusal: string }
  | ({ readonly reached: 'inside'; readonly bootMs: number } & Inspection);

/** What was looked at as long as the machine ran. */
interface Inspection {
  readonly checks: readonly ProofCheck[];
  readonly ending?: string;
}

/** Waits for a machine's start, logs in, and looks whether it is right. */
export async function visitMachine(
  running: RunningMachine,
  candidate: Candidate,
  terms: ProofTerms,
  { guest, onFraction, earlier }: ProveOptions & { readonly guest: NewGuest },
): Promise<Visit> {
  const startMs = performance.now();
  const startedSeconds = Math.floor(Date.now() / 1000);
  const boot = await running.boot(terms.bootTimeoutMs);
  if (boot.reached === 'end') return { reached: 'outside', ending: boot.why };
  if (boot.reached === 'time-out') return { reached: 'outside' };
  const bootMs = Math.round(performance.now() - startMs);
  onFraction(ANSWERING_FRACTION);
  const login = { port: boot.port, keyPath: terms.keyPath, user: terms.user };
  const { drivers } = candidate.lookAlike;
  const { payload, publicKey, onDisk, bootTimeoutMs } = terms;
  const question = { startedSeconds, drivers, payload, bootTimeoutMs };
  const answer = await running.untilEnd((signal) => askGuest(login, question, signal));
  if ('reached' in answer) return { reached: 'inside', bootMs, checks: [], ending: answer.why };
  if ('refusal' in answer) return { reached: 'door', bootMs, refusal: answer.refusal };
  const { facts } = answer;
  const seen = judgeFacts(facts, { ...guest, publicKey: keyItself(publicKey), drivers, onDisk, payload });
  const distinct = judgeDistinct(facts, earlier);
  earlier.push(facts);
  const own = await runUserChecks(running, terms.userChecks, login, candidate.format);
  const entered = { check: 'login', outcome: 'ok', detail: `${terms.user}, with sudo` } as const;
  return { ...own, reached: 'inside', bootMs, checks: [entered, ...seen, ...distinct, ...own.checks] };
}

/** Runs the user's own checks one after the other, as far as the machine runs. */
async function runUserChecks(
  running: RunningMachine,
  userChecks: readonly UserCheck[],
  login: GuestLogin,
  format: string,
): Promise<Inspection> {
  const checks: ProofCheck[] = [];
  for (const check of userChecks) {
    const found = await running.untilEnd((signal) => runUserCheck(check, login, format, signal));
    if ('reached' in found) return { checks, ending: found.why };
    checks.push(found);
  }
  return { checks };
}

/** A key without its comment. */
function keyItself(line: string): string {
  return line.split(' ').slice(0, 2).join(' ');
}
