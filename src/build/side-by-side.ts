import { BuilderError, Interrupted } from '../errors.ts';
import type { BuildContext } from './context.ts';

/** One of two things that are made at the same time. */
export interface Part<Value> {
  /** For people, in the plural or the singular: `local images`. */
  readonly name: string;
  readonly work: () => Promise<Value>;
}

/** What became of a part: one of the two. */
export interface PartOutcome<Value> {
  readonly value?: Value;
  readonly failure?: BuilderError;
}

/**
 * Makes two things at the same time, or the one that is wanted. One that fails is told of, and the other one goes on to its
 * end. Throws when nothing came to a good end, and after a stop; never before both have ended.
 */
export async function sideBySide<One, Other>(
  one: Part<One> | undefined,
  other: Part<Other> | undefined,
  context: Pick<BuildContext, 'emit' | 'signal'>,
): Promise<readonly [PartOutcome<One> | undefined, PartOutcome<Other> | undefined]> {
  const tell = (part: Part<unknown>, rest: Part<unknown> | undefined, thrown: unknown): never => {
    if (rest !== undefined && thrown instanceof BuilderError && !context.signal.aborted) {
      const text = `${part.name} failed (${thrown.code}): ${thrown.message}`;
      context.emit({ type: 'notice', level: 'warning', text });
    }
    throw thrown;
  };
  const [first, second] = await Promise.allSettled([
    one?.work().catch((thrown: unknown) => tell(one, other, thrown)),
    other?.work().catch((thrown: unknown) => tell(other, one, thrown)),
  ]);
  const outcomes = [outcomeOf(one, first), outcomeOf(other, second)] as const;
  const failure = outcomes[0]?.failure ?? outcomes[1]?.failure;
  const isAllLost = outcomes.every((outcome) => outcome?.value === undefined);
  if (failure !== undefined && isAllLost) throw failure;
  return outcomes;
}

/** A mistake of the program, or the user's wish to stop, is no outcome. */
function outcomeOf<Value>(
  part: Part<Value> | undefined,
  settled: PromiseSettledResult<Value | undefined>,
): PartOutcome<Value> | undefined {
  if (part === undefined) return undefined;
  if (settled.status === 'fulfilled') {
    return settled.value === undefined ? {} : { value: settled.value };
  }
  const thrown: unknown = settled.reason;
  if (thrown instanceof BuilderError && !(thrown instanceof Interrupted)) return { failure: thrown };
  throw thrown;
}
