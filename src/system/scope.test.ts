import { describe, expect, it } from 'vitest';
import { Scope } from './scope.ts';

describe('Scope', () => {
  it('undoes the newest first, and waits for each', async () => {
    const order: string[] = [];
    {
      await using scope = new Scope();
      scope.defer(() => void order.push('first'));
      scope.defer(async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        order.push('second');
      });
      order.push('work');
    }
    expect(order).toEqual(['work', 'second', 'first']);
  });

  it('undoes what was done when the work fails, and lets its error through', async () => {
    const order: string[] = [];
    const work = async (): Promise<void> => {
      await using scope = new Scope();
      scope.defer(() => void order.push('undone'));
      throw new Error('work failed');
    };
    await expect(work()).rejects.toThrow('work failed');
    expect(order).toEqual(['undone']);
  });

  it('goes on after a clean-up that fails, and tells of all failures at the end', async () => {
    const order: string[] = [];
    const scope = new Scope();
    scope.defer(() => Promise.reject(new Error('one')));
    scope.defer(() => void order.push('between'));
    scope.defer(() => {
      throw new Error('two');
    });
    await expect(scope[Symbol.asyncDispose]()).rejects.toMatchObject({
      errors: [new Error('two'), new Error('one')],
    });
    expect(order).toEqual(['between']);
  });

  it('undoes also what a clean-up registers, and everything only once', async () => {
    const order: string[] = [];
    const scope = new Scope();
    scope.defer(() => {
      order.push('outer');
      scope.defer(() => void order.push('inner'));
    });
    await scope[Symbol.asyncDispose]();
    await scope[Symbol.asyncDispose]();
    expect(order).toEqual(['outer', 'inner']);
  });

  it('undoes at once what comes when it has ended, as a step does that nobody waits for any more', async () => {
    const order: string[] = [];
    const scope = new Scope();
    await scope[Symbol.asyncDispose]();
    scope.defer(() => void order.push('late'));
    scope.defer(() => Promise.reject(new Error('told to nobody')));
    expect(order).toEqual(['late']);
  });
});
