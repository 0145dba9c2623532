import { describe, expect, it } from 'vitest';
import { isFixedVhdFooter } from './vhd-footer.ts';

const FIXED = 2;
const DYNAMIC = 3;

function footer(cookie: string, type: number): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(cookie, 'latin1');
  bytes.writeUInt32BE(type, 60);
  return bytes;
}

describe('isFixedVhdFooter', () => {
  it.each([
    ['the footer of a fixed VHD', footer('conectix', FIXED), true],
    [
      'the footer of a dynamic VHD, which qemu-img knows by its beginning',
      footer('conectix', DYNAMIC),
      false,
    ],
    ['the end of a raw disk', footer('', FIXED), false],
    ['a piece that is too short', footer('conectix', FIXED).subarray(0, 511), false],
  ])('judges %s', (_what, bytes, expected) => {
    expect(isFixedVhdFooter(bytes)).toBe(expected);
  });
});
