import { describe, expect, it } from 'vitest';
import { planCleanup } from './cleanup.ts';
import type { OwnImage } from './images.ts';
import type { OwnSnapshot } from './snapshots.ts';

function image(id: string, snapshotId: string, options: Partial<OwnImage> = {}): OwnImage {
  return {
    id,
    name: `name of ${id}`,
    state: 'available',
    stateReason: '',
    snapshotIds: [snapshotId],
    writesZeros: false,
    key: 'k',
    ...options,
  };
}

function snapshot(id: string, state: OwnSnapshot['state'] = 'completed'): OwnSnapshot {
  return {
    id,
    state,
    name: '',
    key: 'k',
    diskDigest: 'd',
    writesZeros: false,
    encryption: 'none',
    parentId: undefined,
    volumeGib: 1,
    startedAt: new Date(0),
    keyArn: undefined,
  };
}

function goingOf(...input: Parameters<typeof planCleanup>): string[] {
  return planCleanup(...input).map(({ id }) => id);
}

describe('planCleanup', () => {
  it('takes snapshots that no image uses, whatever their state', () => {
    const snapshots = [snapshot('snap-1', 'pending'), snapshot('snap-2'), snapshot('snap-3', 'error')];
    expect(goingOf([image('ami-2', 'snap-2')], snapshots, [])).toEqual(['snap-1', 'snap-3']);
  });

  it('leaves a snapshot that an image of somebody else uses', () => {
    const foreign = image('ami-1', 'snap-1', { key: undefined, state: 'failed' });
    expect(goingOf([foreign], [snapshot('snap-1')], ['ami-1'])).toEqual([]);
  });

  it('takes images that came to nothing and those that are named, before their snapshots', () => {
    const images = [
      image('ami-1', 'snap-1', { state: 'failed' }),
      image('ami-2', 'snap-2'),
      image('ami-3', 'snap-3'),
      image('ami-4', 'snap-4'),
    ];
    const snapshots = ['snap-1', 'snap-2', 'snap-3', 'snap-4'].map((id) => snapshot(id));
    expect(goingOf(images, snapshots, ['ami-2', 'name of ami-3'])).toEqual([
      'ami-1',
      'ami-2',
      'ami-3',
      'snap-1',
      'snap-2',
      'snap-3',
    ]);
  });
});
