import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { checksumFromDigests, formatChecksum, parseChecksum, verifyChecksum } from './checksum.ts';

const HEX_DIGITS = '0123456789abcdef'.match(/./g) ?? [];
const MD5 = '1a094aa2f7b3ba1f2d6ea9fb8cb5d2b4';

describe('parseChecksum', () => {
  it.each([
    ['md5', 32],
    ['sha256', 64],
    ['sha512', 128],
  ] as const)('reads any %s that formatChecksum writes', (algorithm, digits) => {
    const hexDigits = fc.string({
      unit: fc.constantFrom(...HEX_DIGITS),
      minLength: digits,
      maxLength: digits,
    });
    fc.assert(
      fc.property(hexDigits, (hex) => {
        expect(parseChecksum(formatChecksum({ algorithm, hex }))).toEqual({ algorithm, hex });
      }),
    );
  });

  it('takes capitals and surrounding space, as pasted from a web page', () => {
    expect(parseChecksum(` MD5:${MD5.toUpperCase()} `)).toEqual({ algorithm: 'md5', hex: MD5 });
  });

  it.each([
    ['no algorithm', MD5, 'not of the form'],
    ['two colons', `md5:${MD5}:x`, 'not of the form'],
    ['an unknown algorithm', `sha1:${MD5}`, '"sha1" is not known'],
    ['a property that every object has', `toString:${MD5}`, 'is not known'],
    ['a digit missing', `md5:${MD5.slice(1)}`, 'md5 has 32 digits, and here are 31'],
    ['a sum of another algorithm', `sha256:${MD5}`, 'sha256 has 64 digits, and here are 32'],
    ['no hexadecimal digits', `md5:${'z'.repeat(32)}`, 'not hexadecimal digits'],
  ])('says what is wrong: %s', (_, text, message) => {
    expect(() => parseChecksum(text)).toThrow(
      expect.objectContaining({
        code: 'checksum-malformed',
        message: expect.stringContaining(message) as string,
      }),
    );
  });
});

describe('checksumFromDigests', () => {
  const digests = [
    '# MD5 HASH',
    `${MD5}  image.img.bz2`,
    '# SHA1 HASH',
    `${'b'.repeat(40)}  image.img.bz2`,
    '# SHA512 HASH',
    `${'c'.repeat(128)}  image.img.bz2`,
    `${'d'.repeat(128)}  image.img`,
    '',
  ].join('\n');

  it('takes the strongest one of the file that was asked for', () => {
    expect(checksumFromDigests(digests, 'image.img.bz2')).toEqual({
      algorithm: 'sha512',
      hex: 'c'.repeat(128),
    });
  });

  it('finds nothing for a file that is not listed, and does not take a SHA-1 for something else', () => {
    expect(checksumFromDigests(digests, 'other.img')).toBeUndefined();
    expect(checksumFromDigests(`# SHA1 HASH\n${'b'.repeat(40)}  a\n`, 'a')).toBeUndefined();
  });

  it('does not trust a digest of the wrong length', () => {
    expect(checksumFromDigests(`# SHA512 HASH\n${'b'.repeat(40)}  a\n`, 'a')).toBeUndefined();
  });
});

describe('verifyChecksum', () => {
  it('names both values when they differ, and is silent when they do not', async () => {
    await using scope = new Scope();
    const path = join(await temporaryFolder(scope), 'file');
    await writeFile(path, 'abc');
    const actual = '900150983cd24fb0d6963f7d28e17f72';
    await verifyChecksum(path, { algorithm: 'md5', hex: actual }, 'file');
    await expect(verifyChecksum(path, { algorithm: 'md5', hex: MD5 }, 'file')).rejects.toMatchObject({
      code: 'checksum-mismatch',
      message: `file has md5 ${actual}, but ${MD5} is expected`,
    });
  });
});
