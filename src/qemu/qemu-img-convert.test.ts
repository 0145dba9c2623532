import { describe, expect, it } from 'vitest';
import { convertArgs, createArgs } from './qemu-img-convert.ts';

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
