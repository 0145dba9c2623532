import type { ProofCheck } from '../events.ts';
import type { GuestFacts } from './guest-facts.ts';

/** What no two machines of one image may share. */
const IDENTITY_FACTS = ['machine-id', 'host-key'] as const;

/**
 * Compares a machine's identity with those of machines that were made of the same image before. The first has nobody to
 * differ from, and gets no check.
 */
export function judgeDistinct(facts: GuestFacts, earlier: readonly GuestFacts[]): readonly ProofCheck[] {
  if (earlier.length === 0) return [];
  const check = 'differs from the other machines';
  const shared = IDENTITY_FACTS.filter((name) => earlier.some((other) => overlaps(facts, other, name)));
  if (shared.length === 0) return [{ check, outcome: 'ok' }];
  return [{ check, outcome: 'failed', detail: `another one has the same ${shared.join(' and ')}` }];
}

function overlaps(one: GuestFacts, other: GuestFacts, name: string): boolean {
  const values = new Set(other.get(name) ?? []);
  return (one.get(name) ?? []).some((value) => values.has(value));
}
