import { mkdir, mkdtemp, readlink, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freeStamp, linkLatest, moveAside, STAMP_PATTERN, stampName } from './stamp.ts';

const DATE = new Date(2026, 10, 23, 9, 5, 7);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-stamp-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('the stamp', () => {
  it('is date and time, padded', () => {
    expect(stampName(DATE)).toBe('20261123-090507');
    expect(stampName(DATE)).toMatch(STAMP_PATTERN);
  });

  it('is the next free second when a build ended in the same one', async () => {
    await mkdir(join(folder, '20261123-090507'));
    expect(await freeStamp(folder, DATE)).toBe('20261123-090508');
  });
});

describe('a folder in the way', () => {
  it('is moved aside with all it holds, twice too', async () => {
    for (let round = 0; round < 2; round += 1) {
      await mkdir(join(folder, 'packer', 'inner'), { recursive: true });
      await moveAside(join(folder, 'packer'), 'stale', DATE);
    }
    expect(await readdir(folder)).toEqual(['packer-stale-20261123-090507', 'packer-stale-20261123-090508']);
    expect(await readdir(join(folder, 'packer-stale-20261123-090507'))).toEqual(['inner']);
  });
});

describe('the link to the latest output', () => {
  it('follows the newest build', async () => {
    await linkLatest(folder, 'a');
    await linkLatest(folder, 'b');
    expect(await readlink(join(folder, 'latest'))).toBe('b');
    expect(await readdir(folder)).toEqual(['latest']);
  });
});
