import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareArgs, convertArgs, parseFraction } from './qemu-img-convert.ts';

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

describe('compareArgs', () => {
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
