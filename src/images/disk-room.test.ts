import { describe, expect, it } from 'vitest';
import { ProcessError } from '../system/process.ts';
import { diskFull, neededBytes, ranFull, requireRoom } from './disk-room.ts';

const MEBIBYTE = 1024 * 1024;
const failed = (line: string): ProcessError => new ProcessError('exited', 'qemu-img ended', 1, [line]);

describe('neededBytes', () => {
  it('counts the data once a copy, and something for each file', () => {
    expect(neededBytes(100 * MEBIBYTE, 3)).toBeGreaterThan(300 * MEBIBYTE);
    expect(neededBytes(100 * MEBIBYTE, 3)).toBeLessThan(310 * MEBIBYTE);
  });
});

describe('requireRoom', () => {
  it('names the folder, the formats and both sizes when there is too little', async () => {
    await expect(requireRoom('/', ['vdi', 'vhd'], 2 ** 60)).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(
        /^no room in \/ for vdi, vhd: about 1099511627776 MiB needed, \d+ MiB free$/,
      ) as string,
    });
  });

  it('lets pass what fits, and what needs nothing', async () => {
    await requireRoom('/', ['vdi'], 1);
    await requireRoom('/', [], 2 ** 60);
  });
});

describe('ranFull', () => {
  it.each([
    ['a full disk', failed('qemu-img: error while writing at byte 65536: No space left on device'), true],
    ['a used up quota', failed('qemu-img: error while writing at byte 0: Disk quota exceeded'), true],
    ['a full disk while flushing', Object.assign(new Error('ENOSPC: fsync'), { code: 'ENOSPC' }), true],
    ['another failure of qemu-img', failed('qemu-img: Could not open x: Permission denied'), false],
    ['another failure of the system', Object.assign(new Error('EACCES'), { code: 'EACCES' }), false],
  ])('judges %s', (_what, thrown, expected) => {
    expect(ranFull(thrown)).toBe(expected);
  });
});

describe('diskFull', () => {
  it('keeps the last lines of the tool', () => {
    const cause = failed('No space left on device');
    const error = diskFull({ folder: '/x', what: 'vdi', neededBytes: 1, freeBytes: 0, cause });
    expect(error.tail).toEqual(['No space left on device']);
  });
});
