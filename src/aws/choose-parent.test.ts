import { describe, expect, it } from 'vitest';
import { canStandOn, type ParentNeeds } from './choose-parent.ts';
import type { OwnSnapshot } from './snapshots.ts';

const PARENT: OwnSnapshot = {
  id: 'snap-1',
  state: 'completed',
  name: 'n',
  key: 'k',
  diskDigest: 'd',
  writesZeros: false,
  parentId: undefined,
  volumeGib: 10,
  startedAt: new Date(0),
  keyArn: undefined,
};
const NEEDS: ParentNeeds = {
  list: { path: '', digest: 'e', diskBytes: 0, dataBlocks: 0 },
  volumeGib: 10,
  writesZeros: false,
  isEncrypted: false,
  keyArn: undefined,
};

describe('canStandOn', () => {
  it.each<[boolean, string, Partial<OwnSnapshot>, Partial<ParentNeeds>]>([
    [true, 'one of the same kind', {}, {}],
    [true, 'a smaller one', { volumeGib: 5 }, {}],
    [false, 'a larger one', { volumeGib: 11 }, {}],
    [false, 'one that is pending', { state: 'pending' }, {}],
    [false, 'one that is encrypted, for one that is not', { keyArn: 'a' }, {}],
    [false, 'one that is not, for one that is', {}, { isEncrypted: true }],
    [
      true,
      'one with the same key',
      { keyArn: 'a', writesZeros: true },
      { isEncrypted: true, keyArn: 'a', writesZeros: true },
    ],
    [
      false,
      'one with another key',
      { keyArn: 'b', writesZeros: true },
      { isEncrypted: true, keyArn: 'a', writesZeros: true },
    ],
    [false, 'one without zeros, when they are needed', {}, { writesZeros: true }],
    [true, 'one with zeros, when they are not', { writesZeros: true }, {}],
  ])('says %s for %s', (expected, _what, parent, needs) => {
    expect(canStandOn({ ...PARENT, ...parent }, { ...NEEDS, ...needs })).toBe(expected);
  });
});
