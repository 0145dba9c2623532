import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runsOfNumbers } from './block-map.ts';
import { parseFolderBlock } from './directory.ts';
import { parseExtentNode } from './extents.ts';
import { unreadableFeatures } from './features.ts';

/** An entry of a folder: number, its length, the name's length, a type, the name. */
function entry(inode: number, name: string | Buffer, lengthBytes: number): Buffer {
  const bytes = Buffer.alloc(lengthBytes);
  bytes.writeUInt32LE(inode, 0);
  bytes.writeUInt16LE(lengthBytes, 4);
  bytes.writeUInt8(Buffer.byteLength(name), 6);
  Buffer.from(name).copy(bytes, 8);
  return bytes;
}

describe('a block of a folder', () => {
  it('names files, without itself and the folder above, and without unused entries', () => {
    const block = Buffer.concat([
      entry(2, '.', 12),
      entry(2, '..', 12),
      entry(0, 'deleted', 16),
      entry(12, 'größe', 984),
    ]);
    expect(parseFolderBlock(block, true)).toEqual([{ name: 'größe', inode: 12 }]);
  });

  it('shows the bytes of a name that is no UTF-8', () => {
    const block = entry(12, Buffer.from('gr\xf6\xdfe', 'latin1'), 1024);
    expect(parseFolderBlock(block, true)).toEqual([{ name: 'gr\\xf6\\xdfe', inode: 12 }]);
  });

  it.each([
    ['a length of zero', entry(12, 'a', 12).fill(0, 4, 6)],
    ['a length that leads out of the block', entry(12, 'a', 12).fill(0xf0, 4, 6)],
    ['a name that is longer than its entry', entry(12, 'a', 12).fill(9, 6, 7)],
    ['a name with a slash', entry(12, '../x', 12)],
    ['no room for a whole entry', entry(12, 'a', 12).subarray(0, 6)],
  ])('is damaged when it has %s', (_what, block) => {
    expect(parseFolderBlock(block, true)).toEqual(expect.stringContaining('a folder has'));
  });

  it('of any bytes gives names without slashes, or is damaged', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, hasFileTypes) => {
        const entries = parseFolderBlock(Buffer.from(bytes), hasFileTypes);
        if (typeof entries === 'string') return;
        for (const { name } of entries) expect(name).toMatch(/^[^/]+$/);
      }),
    );
  });
});

describe('a node of a tree of extents', () => {
  const node = (depth: number, ...entries: readonly string[]): Buffer => {
    const head = Buffer.from('0af3'.padEnd(24, '0'), 'hex');
    head.writeUInt16LE(entries.length, 2);
    head.writeUInt16LE(depth, 6);
    return Buffer.concat([head, Buffer.from(entries.join(''), 'hex')]);
  };

  it('says where the file is, and which part of it was never written', () => {
    expect(parseExtentNode(node(0, '000000000300010005000000', '070000000280000009000000'))).toEqual({
      depth: 0,
      children: [],
      runs: [
        { block: 0, count: 3, place: 2 ** 32 + 5 },
        { block: 7, count: 2, place: undefined },
      ],
    });
  });

  it('says where other nodes are', () => {
    expect(parseExtentNode(node(1, '000000000500000001000000'))?.children).toEqual([2 ** 32 + 5]);
  });

  it.each([
    ['another magic number', node(0).fill(0, 0, 1)],
    ['more entries than have room', node(0).fill(9, 2, 3)],
    ['a depth that no file needs', node(6)],
  ])('is none with %s', (_what, bytes) => {
    expect(parseExtentNode(bytes)).toBeUndefined();
  });
});

it('numbers of blocks are as few stretches as there are, without holes', () => {
  expect(runsOfNumbers([7, 8, 0, 9, 20, 21], 100)).toEqual([
    { block: 100, count: 2, place: 7 },
    { block: 103, count: 1, place: 9 },
    { block: 104, count: 2, place: 20 },
  ]);
});

it('features that cannot be read are told by name, or by number', () => {
  const oftenSeen = 0x2 | 0x40 | 0x80 | 0x200;
  expect(unreadableFeatures(oftenSeen)).toEqual([]);
  expect(unreadableFeatures(oftenSeen | 0x10000 | 0x80000000)).toEqual(['encrypt', '0x80000000']);
});
