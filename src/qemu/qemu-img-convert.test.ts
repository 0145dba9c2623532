import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareArgs, convertArgs, createArgs, parseFraction } from './qemu-img-convert.ts';

const SOURCE = { path: '/a/disk.qcow2', driver: 'qcow2' };

describe('convertArgs', () => {
  it('names both drivers and every creation option', () => {
    const target = {
      path: '/b/x.vhd',
      driver: 'vpc',
      creationOptions: ['subformat=dynamic', 'force_size=on'],
    };
    expect(convertArgs(SOURCE, target).join(' ')).toBe(
      'convert -p -f qcow2 -O vpc -o subformat=dynamic -o force_size=on /a/disk.qcow2 /b/x.vhd',
    );
  });

  it('says nothing of options when there are none', () => {
    const target = { path: '/b/x.vdi', driver: 'vdi', creationOptions: [] };
    expect(convertArgs(SOURCE, target)).not.toContain('-o');
  });
});

describe('convertArgs, for a copy that differs from its source', () => {
  it('compresses when told to', () => {
    const target = {
      path: '/b/x.qcow2',
      driver: 'qcow2',
      creationOptions: ['compression_type=zstd'],
      compressed: true,
    };
    expect(convertArgs(SOURCE, target).join(' ')).toBe(
      'convert -p -f qcow2 -O qcow2 -c -o compression_type=zstd /a/disk.qcow2 /b/x.qcow2',
    );
  });

  it('fills a larger disk that is made before, with the options', () => {
    const target = {
      path: '/b/x.vhd',
      driver: 'vpc',
      creationOptions: ['subformat=fixed'],
      virtualSizeBytes: 1024,
    };
    expect(createArgs(target, 1024).join(' ')).toBe('create -q -f vpc -o subformat=fixed /b/x.vhd 1024');
    expect(convertArgs(SOURCE, target).join(' ')).toBe(
      'convert -p -f qcow2 -O vpc -n --target-is-zero /a/disk.qcow2 /b/x.vhd',
    );
  });
});

describe('compareArgs', () => {
  it('names a part of a file by its offset, and the driver with it', () => {
    const part = { offsetBytes: 512, lengthBytes: 1024 };
    const args = compareArgs(SOURCE, { path: '/b/"x".ova', driver: 'vmdk', part });
    expect(args.slice(0, -1)).toEqual(['compare', '-p', '-f', 'qcow2', '/a/disk.qcow2']);
    expect(JSON.parse(args.at(-1)?.replace(/^json:/, '') ?? '')).toEqual({
      driver: 'vmdk',
      file: { driver: 'raw', offset: 512, size: 1024, file: { driver: 'file', filename: '/b/"x".ova' } },
    });
  });

  it('names both drivers: a raw disk may look like another format', () => {
    expect(compareArgs(SOURCE, { path: '/b/x.raw', driver: 'raw' }).join(' ')).toBe(
      'compare -p -f qcow2 -F raw /a/disk.qcow2 /b/x.raw',
    );
  });
});

describe('parseFraction', () => {
  it('reads every percentage that qemu-img writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (hundredths) => {
        expect(parseFraction(`    (${(hundredths / 100).toFixed(2)}/100%)`)).toBeCloseTo(
          hundredths / 10_000,
          9,
        );
      }),
    );
  });

  it('never leaves 0 to 1, whatever the line', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        const fraction = parseFraction(`(${line}/100%)`) ?? parseFraction(line) ?? 0;
        expect(fraction >= 0 && fraction <= 1).toBe(true);
      }),
    );
  });

  it.each([
    ['another line of output', 'Images are identical.'],
    ['an empty line', ''],
    ['half a line', '    (12.3'],
    ['a number without its scale', '(50%)'],
  ])('finds nothing in %s', (_what, line) => {
    expect(parseFraction(line)).toBeUndefined();
  });
});
