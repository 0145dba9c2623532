import { describe, expect, it } from 'vitest';
import { compareArgs } from './qemu-img-compare.ts';

const SOURCE = { path: '/a/disk.qcow2', driver: 'qcow2' };

/** What is said of both disks, as QEMU reads it. */
function disksIn(args: readonly string[]): readonly unknown[] {
  return args.slice(2).map((name): unknown => JSON.parse(name.replace(/^json:/, '')));
}

describe('compareArgs', () => {
  it('names both drivers, whatever the files look like, and how they are read', () => {
    const args = compareArgs(SOURCE, { path: '/b/"x", y.raw', driver: 'raw' }, 'threads');
    expect(args.slice(0, 2)).toEqual(['compare', '-p']);
    expect(disksIn(args)).toEqual([
      { driver: 'qcow2', 'l2-cache-entry-size': 512, file: { filename: '/a/disk.qcow2', aio: 'threads' } },
      { driver: 'raw', file: { filename: '/b/"x", y.raw', aio: 'threads' } },
    ]);
  });

  it('names a part of a file by its offset', () => {
    const part = { offsetBytes: 512, lengthBytes: 1024 };
    const args = compareArgs(SOURCE, { path: '/b/x.ova', driver: 'vmdk', part }, 'io_uring');
    expect(disksIn(args)[1]).toEqual({
      driver: 'vmdk',
      file: { driver: 'raw', offset: 512, size: 1024, file: { filename: '/b/x.ova', aio: 'io_uring' } },
    });
  });
});
