import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { sparseTarHeader, tarEnd, tarHeader, tarPadding } from '../../src/images/tar/tar-header.ts';

const GIBIBYTE = 1024 ** 3;

/** What GNU tar lists of an archive. */
function list(...parts: readonly Buffer[]): string {
  const { stdout, stderr, status } = spawnSync('tar', ['-tvf', '-', '--utc', '--full-time'], {
    input: Buffer.concat([...parts, tarEnd()]),
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.trim();
}

describe('tarHeader', () => {
  it('is understood by GNU tar', () => {
    const content = Buffer.from('hello');
    const header = tarHeader({ name: 'ä b.txt', sizeBytes: 5, timeSeconds: 1_000_000_000 });
    expect(list(header, content, tarPadding(5))).toMatch(/^-rw-r--r-- root\/root +5 2001-09-09 01:46:40 /);
  });

  it('holds sizes that octal digits cannot', () => {
    const header = tarHeader({ name: 'x', sizeBytes: 10_000 * GIBIBYTE, timeSeconds: 0 });
    expect(header.readUInt8(124)).toBe(0x80);
    expect(header.readBigUInt64BE(128)).toBe(BigInt(10_000 * GIBIBYTE));
  });

  it('refuses a name that does not fit, and says the limit', () => {
    expect(() => tarHeader({ name: 'x'.repeat(101), sizeBytes: 0, timeSeconds: 0 })).toThrow(
      expect.objectContaining({
        code: 'settings-invalid',
        hint: expect.stringContaining('100 bytes') as string,
      }),
    );
  });
});

describe('sparseTarHeader', () => {
  it.each([
    0, 1, 3, 4, 5, 24, 25, 26, 46, 47, 1000,
  ])('tells GNU tar the whole size with %i ranges', (count) => {
    const ranges = Array.from({ length: count }, (_, index) => ({
      startBytes: index * 2048,
      lengthBytes: 512,
    }));
    const header = sparseTarHeader({ name: 'disk.raw', sizeBytes: 20 * GIBIBYTE, timeSeconds: 0 }, ranges);
    expect(header.length % 512).toBe(0);
    expect(list(header, Buffer.alloc(count * 512))).toMatch(
      new RegExp(`root/root +${20 * GIBIBYTE} .* disk\\.raw$`),
    );
  });
});

describe('tarPadding', () => {
  it.each([
    [0, 0],
    [1, 511],
    [511, 1],
    [512, 0],
    [513, 511],
  ])('fills %i bytes up with %i', (sizeBytes, padding) => {
    expect(tarPadding(sizeBytes).length).toBe(padding);
  });
});
