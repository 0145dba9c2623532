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
  encryption: 'none',
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
  encryption: 'none',
};

const SECRET = { keyArn: 'a', encryption: 'a', writesZeros: true };
const NEEDS_SECRET = { isEncrypted: true, encryption: 'a', writesZeros: true };

describe('canStandOn', () => {
  it.each<[boolean, string, Partial<OwnSnapshot>, Partial<ParentNeeds>]>([
    [true, 'one of the same kind', {}, {}],
    [true, 'a smaller one', { volumeGib: 5 }, {}],
    [false, 'a larger one', { volumeGib: 11 }, {}],
    [false, 'one that is pending', { state: 'pending' }, {}],
    [false, 'one that is encrypted, for one that is not', SECRET, {}],
    [false, 'one that is not, for one that is', {}, NEEDS_SECRET],
    [true, 'one with the same key', SECRET, NEEDS_SECRET],
    [false, 'one with another key', { ...SECRET, encryption: 'default' }, NEEDS_SECRET],
    [false, 'one that a copy has encrypted on its own', { keyArn: 'a' }, {}],
    [false, 'one without zeros, when they are needed', {}, { writesZeros: true }],
    [true, 'one with zeros, when they are not', { writesZeros: true }, {}],
  ])('says %s for %s', (expected, _what, parent, needs) => {
    expect(canStandOn({ ...PARENT, ...parent }, { ...NEEDS, ...needs })).toBe(expected);
  });
});
