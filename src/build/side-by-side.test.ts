import { describe, expect, it } from 'vitest';
import { BuilderError, Interrupted } from '../errors.ts';
import type { BuildEvent } from '../events.ts';
import { sideBySide } from './side-by-side.ts';

function context() {
  const events: BuildEvent[] = [];
  return { events, emit: (event: BuildEvent) => events.push(event), signal: new AbortController().signal };
}

const good = (value: string, delayMs = 0) => ({
  name: value,
  work: () => new Promise<string>((resolve) => setTimeout(() => resolve(value), delayMs)),
});
const bad = (thrown: Error) => ({ name: 'AMI', work: () => Promise.reject<string>(thrown) });
const refused = new BuilderError('aws-denied', 'not allowed');

describe('two things made side by side', () => {
  it('are both there when both end well', async () => {
    expect(await sideBySide(good('a'), good('b'), context())).toEqual([{ value: 'a' }, { value: 'b' }]);
  });

  it('may be one alone, which fails as it would without the other', async () => {
    expect(await sideBySide(undefined, good('b'), context())).toEqual([undefined, { value: 'b' }]);
    const { events, ...rest } = context();
    await expect(sideBySide(bad(refused), undefined, rest)).rejects.toBe(refused);
    expect(events).toEqual([]);
  });

  it('do not lose the one when the other fails, which is told at once', async () => {
    const { events, ...rest } = context();
    const outcome = await sideBySide(good('images', 20), bad(refused), rest);
    expect(outcome).toEqual([{ value: 'images' }, { failure: refused }]);
    expect(events).toEqual([
      { type: 'notice', level: 'warning', text: 'AMI failed (aws-denied): not allowed' },
    ]);
  });

  it.each([
    new Interrupted('SIGINT'),
    new Error('a mistake of the program'),
  ])('end both before %s is thrown', async (thrown) => {
    let isDone = false;
    const slow = {
      name: 'images',
      work: () =>
        good('a', 20)
          .work()
          .finally(() => (isDone = true)),
    };
    await expect(sideBySide(slow, bad(thrown), context())).rejects.toBe(thrown);
    expect(isDone).toBe(true);
  });
});
