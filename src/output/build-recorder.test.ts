import { describe, expect, it } from 'vitest';
import type { BuildEvent } from '../events.ts';
import { sampleEvents, sampleRecord } from '../../test/support/sample-manifest.ts';
import { BuildRecorder } from './build-recorder.ts';

/** Tells a recorder of events, each with its second since the build's beginning. */
function recordOf(...events: readonly (readonly [number, BuildEvent])[]): BuildRecorder {
  const record = new BuildRecorder(1_000_000);
  for (const [second, event] of events) record.listener({ ...event, timeMs: 1_000_000 + second * 1000 });
  return record;
}

describe('what a build leaves for its manifest', () => {
  it('has each phase with its title, its beginning and its time', () => {
    const { phases } = sampleRecord();
    expect(phases.map(({ phase }) => phase)).toEqual([
      ...['base', 'prepare', 'boot', 'provision', 'save', 'convert'],
    ]);
    expect(phases[2]).toEqual({
      ...{ phase: 'boot', outcome: 'done', seconds: 2.7 },
      ...{ title: 'resume the machine behind python', startMs: 3868 },
    });
  });

  it('has each task with its play, its beginning and how it ended', () => {
    const { tasks } = sampleRecord();
    expect(tasks).toHaveLength(sampleEvents().filter(({ type }) => type === 'task-finished').length);
    expect(tasks.find(({ task }) => task === 'container-host : Install the missing packages')).toEqual({
      ...{
        phase: 'provision',
        play: 'Container host',
        task: 'container-host : Install the missing packages',
      },
      ...{ outcome: 'changed', startMs: 13_161, durationMs: 96_167 },
    });
  });

  it('has the layers one behind the other, from where the machine was back', () => {
    const reason = 'role lay-files: tasks/main.yml changed';
    expect(sampleRecord().layers).toEqual([
      { layer: 'machine', state: 'cached', reasons: [] },
      { layer: 'python', state: 'cached', reasons: [] },
      {
        ...{ layer: 'container-host', state: 'built', reasons: ['variable playbook changed', reason] },
        ...{ startMs: 8566, buildMs: 105_464, checkpointMs: 4487, sizeBytes: 704_433_356 },
      },
      {
        ...{ layer: 'generalise', state: 'built', reasons: [reason] },
        ...{ startMs: 118_517, buildMs: 12_550, checkpointMs: 1369, sizeBytes: 223_451_545 },
      },
    ]);
  });

  it('has the plan and the files', () => {
    const { plan, artifacts } = sampleRecord();
    expect(plan[2]).toEqual({
      ...{ label: 'payload', value: 'container-host', why: 'no DC/OS installer is there' },
    });
    expect(artifacts.map(({ file }) => file)).toEqual(['web.vhd', 'web.vdi', 'web.vmdk', 'web.qcow2']);
    expect(artifacts[0]).not.toHaveProperty('type');
  });

  const planned = { type: 'layers-planned', unknown: [] } as const;
  const prepared = { type: 'phase-finished', phase: 'prepare', outcome: 'done', durationMs: 0 } as const;
  const saved = { type: 'layer-saved', buildMs: 1000, checkpointMs: 500, sizeBytes: 9 } as const;
  const build = (layer: string) => ({ layer, state: 'build', reasons: ['never built'] }) as const;

  it('begins the layers of a machine that boots behind its preparation', () => {
    const { layers } = recordOf(
      [1, { ...planned, layers: [build('machine'), build('web')] }],
      [2, prepared],
      // Small layers are sealed sooner than large ones.
      [6, { ...saved, layer: 'web' }],
      [7, { ...saved, layer: 'machine' }],
    );
    expect(layers.map(({ startMs }) => startMs)).toEqual([2000, 3500]);
  });

  it('knows no times of a layer that was not kept, nor when the next one began', () => {
    const { layers } = recordOf(
      [1, { ...planned, layers: [build('machine'), build('web')] }],
      [2, prepared],
      [7, { ...saved, layer: 'web' }],
    );
    expect(layers).toEqual([
      { layer: 'machine', state: 'built', reasons: ['never built'] },
      {
        ...{ layer: 'web', state: 'built', reasons: ['never built'] },
        ...{ buildMs: 1000, checkpointMs: 500, sizeBytes: 9 },
      },
    ]);
  });

  it('has the layers of the second try when a layer did not come back', () => {
    const { layers } = recordOf(
      [1, { ...planned, layers: [{ layer: 'machine', state: 'cached', reasons: [] }] }],
      [2, prepared],
      [5, { ...planned, layers: [build('machine')] }],
      [6, prepared],
      [9, { ...saved, layer: 'machine' }],
    );
    expect(layers).toEqual([expect.objectContaining({ state: 'built', startMs: 6000 })]);
  });

  it('has no time before the beginning, whatever becomes of the clock', () => {
    const { phases, tasks } = recordOf(
      [-50, { type: 'phase-started', phase: 'provision', title: 'provision' }],
      [
        -40,
        { type: 'task-finished', phase: 'provision', play: 'p', task: 't', outcome: 'ok', durationMs: 10 },
      ],
      [-30, { type: 'phase-finished', phase: 'provision', outcome: 'done', durationMs: 10 }],
    );
    expect([phases[0]?.startMs, tasks[0]?.startMs]).toEqual([0, 0]);
  });

  it('takes a phase that is told of by its end alone', () => {
    const { phases } = recordOf([
      9,
      { type: 'phase-finished', phase: 'base', outcome: 'reused', durationMs: 2000 },
    ]);
    expect(phases).toEqual([{ phase: 'base', outcome: 'reused', seconds: 2, startMs: 7000 }]);
  });
});
