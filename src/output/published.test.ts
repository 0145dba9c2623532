import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Ami } from '../events.ts';
import { readPublished, recordAmis } from './published.ts';

const ami = (id: string, name = 'web'): Ami => ({
  ...{ id, name, region: 'eu-central-1', snapshotId: 'snap-1' },
});

describe('the AMIs of a finished output', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nb-published-'));
    path = join(folder, 'published.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('are none at first, and then each once, as it was told of last', async () => {
    expect(await readPublished(folder)).toEqual([]);
    await recordAmis(folder, [ami('ami-1'), ami('ami-2')]);
    await recordAmis(folder, [ami('ami-1', 'renamed'), ami('ami-3')]);
    expect(await readPublished(folder)).toEqual([ami('ami-2'), ami('ami-1', 'renamed'), ami('ami-3')]);
  });

  it.each([
    ['cut off', '{"schema": 1, "am', /: 1:15: unexpected end/],
    ['of a newer version', '{"schema": 2, "ami": []}', /: 1:12: schema: /],
  ])('are not written over a list that is %s', async (_what, text, message) => {
    await writeFile(path, text);
    expect(await readPublished(folder)).toEqual([]);
    const failure = { code: 'report-unwritable', message: expect.stringMatching(message) as string };
    await expect(recordAmis(folder, [ami('ami-1')])).rejects.toMatchObject(failure);
    await expect(recordAmis(folder, [ami('ami-1')])).rejects.toThrow(/^ami-1 in eu-central-1 cannot be told/);
    expect(await readFile(path, 'utf8')).toBe(text);
  });

  it('are told of by the failure when they cannot be written down', async () => {
    await mkdir(path);
    await expect(recordAmis(folder, [ami('ami-1')])).rejects.toThrow(/^ami-1 in eu-central-1 .*EISDIR/);
  });
});
