import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStreamVmdk, walkStreamVmdk } from '../../../test/support/stream-vmdk-reader.ts';
import { GRAIN_BYTES, SECTOR_BYTES, StreamLayout } from './stream-layout.ts';

const TABLE_GRAINS = 512;

/** A file whose grain of each index holds that index. */
function encode(sizeBytes: number, grains: readonly number[], descriptor = 'text'): Buffer {
  const layout = new StreamLayout(sizeBytes);
  const start = layout.start(descriptor);
  const parts = grains.flatMap((index) => layout.grain(index, deflateSync(contentOf(index), { level: 1 })));
  return Buffer.concat([...start, ...parts, ...layout.finish()]);
}

function contentOf(index: number): Buffer {
  return Buffer.alloc(GRAIN_BYTES, index.toString(16).padStart(8, '#'));
}

describe('StreamLayout', () => {
  it('is read back grain by grain, by its tables and by its markers, whatever the disk', () => {
    const disk = fc.integer({ min: 1, max: 3 * TABLE_GRAINS * 128 }).chain((sectors) =>
      fc.record({
        sizeBytes: fc.constant(sectors * SECTOR_BYTES),
        grains: fc
          .uniqueArray(fc.nat(Math.ceil(sectors / 128) - 1), { maxLength: 20 })
          .map((indexes) => indexes.sort((a, b) => a - b)),
      }),
    );
    fc.assert(
      fc.property(disk, ({ sizeBytes, grains }) => {
        const file = encode(sizeBytes, grains);
        const read = readStreamVmdk(file);
        expect(read.sizeBytes).toBe(sizeBytes);
        for (const found of [[...read.grains], [...walkStreamVmdk(file)]]) {
          expect(found.map(([index]) => index)).toEqual(grains);
          // Not toEqual: it takes a second for so many bytes.
          expect(found.every(([index, content]) => content.equals(contentOf(index)))).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['an empty disk', 10 * GRAIN_BYTES, []],
    ['a single sector', SECTOR_BYTES, [0]],
    ['grains at the borders of the tables', 3 * TABLE_GRAINS * GRAIN_BYTES, [0, 511, 512, 1023, 1024, 1535]],
    ['a table in the middle that is not there', 3 * TABLE_GRAINS * GRAIN_BYTES, [0, 1024]],
    ['a last grain that is not whole', GRAIN_BYTES + SECTOR_BYTES, [1]],
  ])('takes %s', (_what, sizeBytes, grains) => {
    const file = encode(sizeBytes, grains);
    expect([...readStreamVmdk(file).grains.keys()]).toEqual(grains);
    expect(file.length % SECTOR_BYTES).toBe(0);
  });

  it('ends with the footer and an end-of-stream marker of zeros', () => {
    const file = encode(GRAIN_BYTES, [0]);
    expect(file.subarray(-SECTOR_BYTES).every((byte) => byte === 0)).toBe(true);
    expect(file.toString('latin1', file.length - 2 * SECTOR_BYTES, file.length - 2 * SECTOR_BYTES + 4)).toBe(
      'KDMV',
    );
  });

  it('holds the descriptor behind the header', () => {
    const file = encode(GRAIN_BYTES, [], '# Disk DescriptorFile\n');
    expect(file.toString('utf8', SECTOR_BYTES, SECTOR_BYTES + 23)).toBe('# Disk DescriptorFile\n\0');
  });

  it('refuses a descriptor that is longer than its place', () => {
    expect(() => new StreamLayout(GRAIN_BYTES).start('x'.repeat(10_241))).toThrow('too long');
  });

  it('refuses grains out of order: what is written cannot be changed', () => {
    const layout = new StreamLayout(10 * GRAIN_BYTES);
    layout.grain(3, Buffer.from('x'));
    expect(() => layout.grain(3, Buffer.from('x'))).toThrow('grain 3 comes after grain 3');
  });
});
