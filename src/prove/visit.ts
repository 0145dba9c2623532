import type { ProofCheck } from '../events.ts';
import { askGuest } from './ask-guest.ts';
import { judgeFacts } from './checks.ts';
import { judgeDistinct } from './distinct.ts';
import type { GuestFacts } from './guest-facts.ts';
import type { NewGuest } from './new-machine.ts';
import type { RunningMachine } from './proof-machine.ts';
import type { Candidate, ProofTerms } from './proof-terms.ts';
import { runUserCheck } from './user-checks.ts';

export interface ProveOptions {
  /** Told of the part that is done, 0 to 1: an estimate. */
  readonly onFraction: (fraction: number) => void;
  /** What machines of the same image told of themselves before; this one adds itself. */
  readonly earlier: GuestFacts[];
}

/** How much of a proof is done when the machine has answered. */
const ANSWERING_FRACTION = 0.6;

/** How far somebody comes who starts a machine and logs in. */
export type Visit =
  | { readonly reached: 'inside'; readonly bootMs: number; readonly checks: readonly ProofCheck[] }
  | { readonly reached: 'door'; readonly bootMs: number; readonly refusal: string }
  | { readonly reached: 'outside'; readonly lastWords?: string };

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
  if (boot.reached === 'end') return { reached: 'outside', lastWords: boot.why };
  if (boot.reached === 'time-out') return { reached: 'outside' };
  const bootMs = Math.round(performance.now() - startMs);
  onFraction(ANSWERING_FRACTION);
  const { payload, publicKey, userChecks, bootTimeoutMs } = terms;
  const { signal } = running;
  const { drivers } = candidate.lookAlike;
  const answer = await askGuest(guest.login, { startedSeconds, drivers, payload, bootTimeoutMs }, signal);
  if ('refusal' in answer) return { reached: 'door', bootMs, refusal: answer.refusal };
  const { facts } = answer;
  const expected = { ...guest, publicKey: keyItself(publicKey), drivers, payload };
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
