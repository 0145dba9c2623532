import { describe, expect, it } from 'vitest';
import { type BuildEvent, EventBus, runPhase, type TimedEvent } from './events.ts';

const notice = (text: string): BuildEvent => ({ type: 'notice', level: 'info', text });
const textOf = (event: TimedEvent): string => (event.type === 'notice' ? event.text : event.type);

describe('EventBus', () => {
  it('hands each event to every listener, with the time', () => {
    const bus = new EventBus(() => 42);
    const first: TimedEvent[] = [];
    const second: TimedEvent[] = [];
    bus.subscribe((event) => first.push(event));
    bus.subscribe((event) => second.push(event));
    bus.emit(notice('a'));
    expect(first).toEqual([{ type: 'notice', level: 'info', text: 'a', timeMs: 42 }]);
    expect(second).toEqual(first);
  });

  it('tells a listener nothing more when it has left', () => {
    const bus = new EventBus();
    const heard: string[] = [];
    const leave = bus.subscribe((event) => heard.push(textOf(event)));
    bus.emit(notice('a'));
    leave();
    bus.emit(notice('b'));
    expect(heard).toEqual(['a']);
  });

  it('drops a listener that throws, and tells the others after the event itself', () => {
    const bus = new EventBus();
    const heard: string[] = [];
    let calls = 0;
    bus.subscribe(() => {
      calls += 1;
      throw new Error('no room on the disk');
    });
    bus.subscribe((event) => heard.push(textOf(event)));
    bus.emit(notice('a'));
    bus.emit(notice('b'));
    expect(calls).toBe(1);
    expect(heard).toEqual(['a', 'a listener failed and was dropped: Error: no room on the disk', 'b']);
  });

  it('survives when every listener throws', () => {
    const bus = new EventBus();
    for (const text of ['one', 'two']) {
      bus.subscribe(() => {
        throw new Error(text);
      });
    }
    expect(() => {
      bus.emit(notice('a'));
    }).not.toThrow();
  });

  it('takes an event that a listener emits', () => {
    const bus = new EventBus();
    const heard: string[] = [];
    bus.subscribe((event) => {
      if (textOf(event) === 'question') bus.emit(notice('answer'));
    });
    bus.subscribe((event) => heard.push(textOf(event)));
    bus.emit(notice('question'));
    expect(heard.sort()).toEqual(['answer', 'question']);
  });
});

describe('runPhase', () => {
  it('tells of the start and the end, and gives the result through', async () => {
    const events: BuildEvent[] = [];
    const result = await runPhase(
      (event) => events.push(event),
      'convert',
      'Convert',
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return 'result';
      },
    );
    expect(result).toBe('result');
    expect(events).toEqual([
      { type: 'phase-started', phase: 'convert', title: 'Convert' },
      { type: 'phase-finished', phase: 'convert', outcome: 'done', durationMs: expect.any(Number) as number },
    ]);
    const [, end] = events;
    expect(end?.type === 'phase-finished' && end.durationMs).toBeGreaterThanOrEqual(19);
  });

  it('tells that nothing was to be done, by the result', async () => {
    const outcomes: string[] = [];
    const emit = (event: BuildEvent): void => {
      if (event.type === 'phase-finished') outcomes.push(event.outcome);
    };
    for (const isThere of [true, false]) {
      const work = (): Promise<boolean> => Promise.resolve(isThere);
      await runPhase(emit, 'base', 'Base', work, (found) => (found ? 'reused' : 'done'));
    }
    expect(outcomes).toEqual(['reused', 'done']);
  });

  it('tells of a failure, and lets the error through', async () => {
    const events: BuildEvent[] = [];
    const error = new Error('broken');
    const running = runPhase(
      (event) => events.push(event),
      'boot',
      'Boot',
      () => Promise.reject(error),
    );
    await expect(running).rejects.toBe(error);
    expect(events.at(-1)).toMatchObject({ type: 'phase-finished', phase: 'boot', outcome: 'failed' });
  });
});
