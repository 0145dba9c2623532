import { mkdir, mkdtemp, readdir, readlink, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashFile } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { type LayerRecord, shownInput } from './layer.ts';
import { DISK_NAME, LayerStore, MEMORY_NAME } from './store.ts';
import { useStore, withStoreAlone } from './store-lock.ts';
import { findDamage } from './verify.ts';

let folder: string;
let store: LayerStore;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-test-'));
  store = new LayerStore(join(folder, 'images/.layers'));
  await store.open();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const KEY = 'ab'.repeat(32);

/** Makes the files of a layer on top of others, and says what its record would be. */
async function half(name: string, below: readonly LayerRecord['disks'][number][] = []) {
  const place = await store.create(KEY);
  const file = async (fileName: string) => {
    const path = join(store.path, place, fileName);
    await writeFile(path, `${fileName} of ${name}`);
    return { sizeBytes: (await stat(path)).size, sha256: await hashFile(path) };
  };
  const own = { folder: place, ...(await file(DISK_NAME)) };
  const record: LayerRecord = {
    schema: 1,
    key: KEY,
    name,
    inputs: [shownInput('variable x', '1')],
    disks: [...below, own],
    memory: await file(MEMORY_NAME),
    madeAt: '2026-11-25T00:00:00Z',
    buildMs: 1,
    checkpointMs: 1,
  };
  return { place, record };
}

async function whole(name: string, below: readonly LayerRecord['disks'][number][] = []) {
  const { place, record } = await half(name, below);
  await store.seal(place, record);
  const layer = (await store.list()).find((each) => each.folder === place);
  if (layer === undefined) throw new Error('sealed, and not there');
  return layer;
}

describe('the store of the layers', () => {
  it('is for its owner alone, the records too', async () => {
    const { folder: place } = await whole('a');
    const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await modeOf(store.path)).toBe(0o700);
    expect(await modeOf(join(store.path, place))).toBe(0o700);
    expect(await modeOf(join(store.path, place, 'layer.json'))).toBe(0o600);
    await store.salt();
    expect(await modeOf(join(store.path, 'salt'))).toBe(0o600);
  });

  it('has one salt for ever, and another store has another', async () => {
    const salt = await store.salt();
    expect(await new LayerStore(store.path).salt()).toBe(salt);
    const other = new LayerStore(join(folder, 'other'));
    await other.open();
    expect(await other.salt()).not.toBe(salt);
  });

  it('knows a layer only when it is sealed', async () => {
    const { place, record } = await half('a');
    expect(await store.list()).toEqual([]);
    await store.seal(place, record);
    expect(await store.list()).toMatchObject([{ folder: place, record, damage: undefined }]);
  });

  it('lists the layer first that was used last', async () => {
    const first = await whole('a');
    await whole('b');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await store.touch(first);
    expect((await store.list()).map(({ record }) => record.name)).toEqual(['a', 'b']);
  });

  it('takes no record of another form for a layer', async () => {
    const { place } = await half('a');
    for (const text of ['', '{', '{"schema": 2}', 'null']) {
      await writeFile(join(store.path, place, 'layer.json'), text);
      expect(await store.list()).toEqual([]);
    }
  });

  it('clears away what was cut off, but not what a whole layer stands on', async () => {
    const cutOff = await half('cut off');
    const diskAlone = await half('memory was lost');
    await whole('b', diskAlone.record.disks);
    expect(await store.abandoned()).toEqual([cutOff.place]);
    await store.remove(await store.abandoned());
    expect(await readdir(store.path)).not.toContain(cutOff.place);
    expect(await readdir(store.path)).toContain(diskAlone.place);
  });

  it('removes nothing that it did not make', async () => {
    await mkdir(join(store.path, 'mine'));
    await store.remove(['mine', '..', '../..', '']);
    expect(await readdir(store.path)).toContain('mine');
    expect(await store.abandoned()).toEqual([]);
  });

  it('says what is wrong when it cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    await expect(new LayerStore(join(folder, 'file')).open()).rejects.toMatchObject({
      code: 'layers-unusable',
      message: expect.stringContaining(join(folder, 'file')) as string,
    });
  });
});

describe('damage', () => {
  const damages: readonly [string, string, (path: string) => Promise<unknown>, RegExp][] = [
    [
      'a flipped byte of the memory',
      MEMORY_NAME,
      (path) => writeFile(path, 'Memory.zst of b'),
      /memory\.zst has other content/,
    ],
    ['a truncated disk', DISK_NAME, (path) => truncate(path, 3), /disk\.qcow2 has 3 bytes instead of/],
    ['a missing disk', DISK_NAME, (path) => rm(path), /disk\.qcow2 cannot be read/],
  ];

  it.each(damages)('is found: %s', async (_what, name, harm, words) => {
    const below = await whole('a');
    const layer = await whole('b', below.record.disks);
    expect(await findDamage(store, layer, signal)).toBeUndefined();
    await harm(join(store.path, layer.folder, name));
    expect(await findDamage(store, layer, signal)).toMatch(words);
  });

  it('of a disk below is found too, but not of a memory below, which is not needed', async () => {
    const below = await whole('a');
    const layer = await whole('b', below.record.disks);
    await truncate(join(store.path, below.folder, MEMORY_NAME), 1);
    expect(await findDamage(store, layer, signal)).toBeUndefined();
    await truncate(join(store.path, below.folder, DISK_NAME), 1);
    expect(await findDamage(store, layer, signal)).toContain(below.folder);
  });

  it('sets a layer aside: it is shown, and what stands on it keeps it', async () => {
    const layer = await whole('a');
    await store.setAside(layer, 'memory.zst has 1 bytes instead of 2');
    expect(await store.list()).toMatchObject([{ damage: 'memory.zst has 1 bytes instead of 2' }]);
    expect(await store.abandoned()).toEqual([]);
  });
});

describe('the base image in the store', () => {
  it('is found again when IMAGE_PATH is found elsewhere', async () => {
    const base = join(folder, 'images/.cache/base.qcow2');
    await mkdir(join(folder, 'images/.cache'));
    await writeFile(base, '');
    expect(await store.linkBase(base, 'f'.repeat(64))).toBe('../base-ffffffffffffffff');
    expect(await readlink(join(store.path, 'base-ffffffffffffffff'))).toBe('../.cache/base.qcow2');
    await rename(join(folder, 'images'), join(folder, 'moved'));
    await stat(join(folder, 'moved/.layers/base-ffffffffffffffff'));
  });

  it('may lie anywhere, and move', async () => {
    for (const name of ['one', 'two']) {
      await writeFile(join(folder, name), '');
      await store.linkBase(join(folder, name), 'f'.repeat(64));
      expect(await readlink(join(store.path, 'base-ffffffffffffffff'))).toBe(join(folder, name));
    }
  });
});

describe('sharing', () => {
  it('keeps everything while any build uses it', async () => {
    await using one = new Scope();
    await useStore(one, store);
    {
      await using two = new Scope();
      await useStore(two, store);
      expect(await withStoreAlone(store, () => Promise.resolve())).toBe(false);
    }
    expect(await withStoreAlone(store, () => Promise.resolve())).toBe(false);
    await one[Symbol.asyncDispose]();
    expect(await withStoreAlone(store, () => Promise.resolve())).toBe(true);
  });

  it('clears away what was cut off when a build begins alone, and never under another', async () => {
    await half('cut off');
    await using one = new Scope();
    await useStore(one, store);
    expect(await store.abandoned()).toEqual([]);
    const atWork = await half('being built');
    await using two = new Scope();
    await useStore(two, store);
    expect(await readdir(store.path)).toContain(atWork.place);
  });
});
