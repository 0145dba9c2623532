import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../events.ts';
import { BuildTracker, bytesPerSecond, type ItemRecord, remainingMs } from './build-tracker.ts';

function trackerAfter(...events: readonly [timeMs: number, event: BuildEvent][]): BuildTracker {
  const tracker = new BuildTracker();
  for (const [timeMs, event] of events) tracker.apply({ ...event, timeMs });
  return tracker;
}

const started = { type: 'phase-started', phase: 'convert', title: 'Convert' } as const;
const finished = { type: 'phase-finished', phase: 'convert', outcome: 'done', durationMs: 900 } as const;
const progress = (item: string, fraction: number): BuildEvent => ({
  type: 'progress',
  phase: 'convert',
  item,
  fraction,
});

describe('BuildTracker', () => {
  it('knows what runs, and for how long it ran in the end', () => {
    const tracker = trackerAfter([100, started]);
    expect(tracker.running.map(({ title }) => title)).toEqual(['Convert']);
    tracker.apply({ ...finished, timeMs: 1000 });
    expect(tracker.running).toEqual([]);
    expect(tracker.phases).toEqual([
      { phase: 'convert', title: 'Convert', startMs: 100, outcome: 'done', durationMs: 900 },
    ]);
  });

  it('keeps phases that overlap apart', () => {
    const tracker = trackerAfter(
      [0, { type: 'phase-started', phase: 'base', title: 'Base' }],
      [1, started],
      [2, { type: 'phase-finished', phase: 'base', outcome: 'reused', durationMs: 2 }],
    );
    expect(tracker.running.map(({ phase }) => phase)).toEqual(['convert']);
    expect(tracker.phases.map(({ outcome }) => outcome)).toEqual(['reused', undefined]);
  });

  it('takes the end of a phase whose start nobody told', () => {
    const tracker = trackerAfter([1000, finished]);
    expect(tracker.phases).toEqual([
      { phase: 'convert', title: 'convert', startMs: 100, outcome: 'done', durationMs: 900 },
    ]);
  });

  it('finishes the run that is on when a phase comes twice', () => {
    const again = { ...started, title: 'Convert again' };
    const tracker = trackerAfter([0, started], [900, finished], [1000, again], [1900, finished]);
    expect(tracker.phases.map(({ title, startMs }) => [title, startMs])).toEqual([
      ['Convert', 0],
      ['Convert again', 1000],
    ]);
    expect(tracker.running).toEqual([]);
  });

  it('has the items of a phase in their order, and none when it is over', () => {
    const tracker = trackerAfter(
      [0, started],
      [1, progress('vdi', 0.1)],
      [2, progress('vhd', 0.2)],
      [3, progress('vdi', 0.3)],
    );
    expect(tracker.itemsOf('convert').map(({ item, fraction }) => [item, fraction])).toEqual([
      ['vdi', 0.3],
      ['vhd', 0.2],
    ]);
    expect(tracker.itemsOf('base')).toEqual([]);
    tracker.apply({ ...finished, timeMs: 4 });
    expect(tracker.itemsOf('convert')).toEqual([]);
  });

  it.each([
    [1.5, 1, 'more than all'],
    [-1, 0, 'less than nothing'],
    [Number.NaN, 0, 'nothing of nothing'],
  ])('takes a fraction of %d as %d: %s', (fraction, kept) => {
    const tracker = trackerAfter([0, started], [1, progress('vdi', fraction)]);
    expect(tracker.itemsOf('convert')[0]?.fraction).toBe(kept);
  });

  it('knows the Ansible task at work, until it or its phase ends', () => {
    const task = {
      type: 'task-started',
      phase: 'provision',
      play: 'image',
      task: 'clean : Remove logs',
    } as const;
    const end = { ...task, type: 'task-finished', phase: 'provision', outcome: 'ok', durationMs: 1 } as const;
    expect(trackerAfter([5, task]).taskOf('provision')).toEqual({
      play: 'image',
      task: 'clean : Remove logs',
      startMs: 5,
    });
    expect(trackerAfter([5, task], [6, end]).taskOf('provision')).toBeUndefined();
    const phase = { type: 'phase-finished', phase: 'provision', outcome: 'failed', durationMs: 1 } as const;
    expect(trackerAfter([5, task], [6, phase]).taskOf('provision')).toBeUndefined();
  });

  it('keeps the tasks of an AMI and of local images apart', () => {
    const task = { type: 'task-started', phase: 'provision', play: 'p', task: 'here' } as const;
    const other = { ...task, phase: 'ami-provision', task: 'there' } as const;
    const end = { ...other, type: 'task-finished', outcome: 'ok', durationMs: 1 } as const;
    const tracker = trackerAfter([5, task], [6, other], [7, end]);
    expect(tracker.taskOf('provision')?.task).toBe('here');
    expect(tracker.taskOf('ami-provision')).toBeUndefined();
  });

  it('collects the artifacts as plain data', () => {
    const artifact = { format: 'vdi', file: 'a.vdi', bytes: 1, virtualBytes: 2, sha256: 'ab' };
    expect(trackerAfter([0, { type: 'artifact-made', ...artifact }]).artifacts).toEqual([artifact]);
  });
});

describe('remainingMs', () => {
  const item = (fraction: number, startFraction = 0): ItemRecord => ({
    item: 'vdi',
    fraction,
    startFraction,
    startMs: 0,
    doneBytes: undefined,
    totalBytes: undefined,
  });

  it.each<[ItemRecord, number, number | undefined, string]>([
    [item(0.5), 10_000, 10_000, 'half done: as long again'],
    [item(0.5), 20_000, 20_000, 'nothing moved since: it will take longer'],
    [item(0.6, 0.4), 10_000, 20_000, 'a resumed download is judged by what it did now'],
    [item(0.5), 1000, undefined, 'too early to say'],
    [item(0.01), 60_000, undefined, 'too little to say'],
    [item(1), 60_000, undefined, 'done'],
  ])('of %o after %d ms is %s: %s', (record, nowMs, expected) => {
    const remaining = remainingMs(record, nowMs);
    expect(remaining === undefined ? undefined : Math.round(remaining)).toBe(expected);
  });

  it('judges a second try afresh', () => {
    const tracker = trackerAfter([0, started], [1000, progress('vdi', 0.9)], [2000, progress('vdi', 0)]);
    expect(tracker.itemsOf('convert')[0]).toMatchObject({ startMs: 2000, startFraction: 0 });
  });
});

describe('bytesPerSecond', () => {
  const item = {
    item: 'send',
    fraction: 0.75,
    startFraction: 0.25,
    startMs: 0,
    doneBytes: 750,
    totalBytes: 1000,
  };

  it.each<[Partial<ItemRecord>, number, number | undefined, string]>([
    [{}, 10_000, 50, 'what was there before it started does not count'],
    [{}, 1000, undefined, 'too early to say'],
    [{ totalBytes: undefined }, 10_000, undefined, 'not counted in bytes'],
    [{ fraction: 0.25 }, 10_000, undefined, 'nothing moved yet'],
  ])('of %o after %d ms is %s: %s', (changed, nowMs, expected) => {
    expect(bytesPerSecond({ ...item, ...changed }, nowMs)).toBe(expected);
  });
});
