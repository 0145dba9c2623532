import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { type DiskBlock, sha256Of } from './block.ts';
import { type BlockList, BlockListWriter, findBlockList, readBlockList } from './block-list.ts';
import { SentJournal } from './sent-journal.ts';

let scope: Scope;
let folder: string;

beforeEach(async () => {
  scope = new Scope();
  folder = await temporaryFolder(scope);
});
afterEach(async () => {
  await scope[Symbol.asyncDispose]();
});

async function writeList(blocks: readonly DiskBlock[], diskBytes = 1024 ** 3): Promise<BlockList> {
  await using writer = new BlockListWriter(folder, diskBytes);
  for (const block of blocks) await writer.add(block);
  return await writer.finish();
}

function someBlocks(count: number): DiskBlock[] {
  return Array.from({ length: count }, (_, index) => ({
    index: index * 3,
    sha256: sha256Of(Buffer.from([index])),
  }));
}

async function contentOf(list: BlockList): Promise<DiskBlock[]> {
  const blocks: DiskBlock[] = [];
  for await (const block of readBlockList(list)) blocks.push(block);
  return blocks;
}

describe('a block list', () => {
  it('gives back what was written, under the name of its own SHA-256', async () => {
    // More than one chunk of a stream.
    const blocks = someBlocks(5000);
    const list = await writeList(blocks);
    expect(await contentOf(list)).toEqual(blocks);
    const bytes = await readFile(list.path);
    expect(list.path).toBe(join(folder, `${createHash('sha256').update(bytes).digest('hex')}.blocks`));
    expect(await findBlockList(folder, list.digest)).toEqual(list);
    expect(list.dataBlocks).toBe(5000);
  });

  it('is another one for a disk of another size', async () => {
    expect((await writeList([], 1024)).digest).not.toBe((await writeList([], 2048)).digest);
  });

  it('leaves nothing when it is not finished', async () => {
    {
      await using writer = new BlockListWriter(folder, 1024);
      await writer.add({ index: 0, sha256: sha256Of(Buffer.alloc(1)) });
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('is refused when it was changed, and not found when it is none', async () => {
    const list = await writeList(someBlocks(10));
    const bytes = await readFile(list.path);
    await writeFile(list.path, bytes.fill(1, 100, 104));
    await expect(contentOf(list)).rejects.toMatchObject({ code: 'input-unreadable' });
    await truncate(list.path, 50);
    expect(await findBlockList(folder, list.digest)).toBeUndefined();
    await writeFile(list.path, 'something else');
    expect(await findBlockList(folder, list.digest)).toBeUndefined();
    expect(await findBlockList(folder, 'f'.repeat(64))).toBeUndefined();
  });
});

describe('the journal of what was sent', () => {
  it('knows after another start what was added', () => {
    {
      using journal = SentJournal.open(folder, 'snap-1', 100);
      for (const index of [0, 7, 99, 7]) journal.add(index);
      expect(journal.count).toBe(3);
    }
    using journal = SentJournal.open(folder, 'snap-1', 100);
    expect([0, 7, 99, 1, 98].map((index) => journal.has(index))).toEqual([true, true, true, false, false]);
    expect(journal.count).toBe(3);
    using other = SentJournal.open(folder, 'snap-2', 100);
    expect(other.count).toBe(0);
  });

  it('does not count a record that was cut short, and goes on behind it', async () => {
    {
      using journal = SentJournal.open(folder, 'snap-1', 100);
      journal.add(5);
    }
    await appendFile(SentJournal.pathOf(folder, 'snap-1'), Buffer.from([0, 0]));
    {
      using journal = SentJournal.open(folder, 'snap-1', 100);
      expect(journal.count).toBe(1);
      journal.add(9);
    }
    using journal = SentJournal.open(folder, 'snap-1', 100);
    expect([journal.has(5), journal.has(9), journal.count]).toEqual([true, true, 2]);
  });
});
