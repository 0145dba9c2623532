import { describe, expect, it } from 'vitest';
import { BuilderErrors } from '../errors.ts';
import { parseFormats } from './formats.ts';
import type { SourceDisk } from './source-disk.ts';
import { nameOfSource, planTargets, type TargetRequest } from './targets.ts';

const ALONE: SourceDisk = {
  path: '/images/disk.qcow2',
  driver: 'qcow2',
  virtualSizeBytes: 1024,
  dataBytes: 512,
  files: ['/images/disk.qcow2'],
  standsAlone: true,
};
const OVERLAY: SourceDisk = {
  ...ALONE,
  files: ['/images/disk.qcow2', '/images/base.qcow2'],
  standsAlone: false,
};

function plan(source: SourceDisk, formats: string, request: Partial<TargetRequest> = {}): string[] {
  const targets = planTargets(source, {
    formats: parseFormats(formats),
    outputFolder: '/images',
    name: 'disk',
    existing: new Set(['disk.qcow2', 'base.qcow2']),
    force: false,
    ...request,
  });
  return targets.map(({ how, path }) => `${how} ${path}`);
}

describe('planTargets', () => {
  it.each<[string, SourceDisk, string, Partial<TargetRequest>, string[]]>([
    [
      'makes new files beside the source',
      ALONE,
      'vdi,vhd',
      {},
      ['make /images/disk.vdi', 'make /images/disk.vhd'],
    ],
    ['keeps a whole qcow2 that is its own target', ALONE, 'qcow2', {}, ['keep /images/disk.qcow2']],
    ['keeps it even with force', ALONE, 'qcow2', { force: true }, ['keep /images/disk.qcow2']],
    [
      'makes an overlay stand alone in its place',
      OVERLAY,
      'qcow2',
      {},
      ['replace-source /images/disk.qcow2'],
    ],
    ['makes a qcow2 elsewhere', ALONE, 'qcow2', { name: 'other' }, ['make /images/other.qcow2']],
    [
      'makes a qcow2 of the same name in another folder',
      ALONE,
      'qcow2',
      { outputFolder: '/out', existing: new Set() },
      ['make /out/disk.qcow2'],
    ],
    [
      'replaces a file that is there when told to',
      ALONE,
      'vdi',
      { existing: new Set(['disk.vdi']), force: true },
      ['make /images/disk.vdi'],
    ],
  ])('%s', (_what, source, formats, request, expected) => {
    expect(plan(source, formats, request)).toEqual(expected);
  });

  it.each<[string, SourceDisk, string, Partial<TargetRequest>, RegExp]>([
    ['a file that is there', ALONE, 'vdi', { existing: new Set(['disk.vdi']) }, /disk\.vdi exists already/],
    [
      'a source of another format in its own place, even with force',
      { ...ALONE, path: '/images/disk.vdi', driver: 'vdi', files: ['/images/disk.vdi'] },
      'vdi',
      { force: true },
      /the disk is read from it/,
    ],
    [
      'a raw source with the name of a qcow2, even with force',
      { ...ALONE, driver: 'raw' },
      'qcow2',
      { force: true },
      /the disk is read from it/,
    ],
    [
      'what the overlay is based on, even with force',
      OVERLAY,
      'qcow2',
      { name: 'base', force: true },
      /base\.qcow2 would be overwritten, but the disk is read from it/,
    ],
    ['a name with a folder', ALONE, 'vdi', { name: '../x' }, /name "\.\.\/x" is no file name/],
    ['an empty name', ALONE, 'vdi', { name: '' }, /name "" is no file name/],
    ['a hidden name', ALONE, 'vdi', { name: '.x' }, /name "\.x" is no file name/],
  ])('refuses %s', (_what, source, formats, request, message) => {
    expect(() => plan(source, formats, request)).toThrow(message);
  });

  it('tells of every file in the way at once', () => {
    expect(() => plan(ALONE, 'vdi,vhd', { existing: new Set(['disk.vdi', 'disk.vhd']) })).toThrow(
      BuilderErrors,
    );
  });
});

describe('nameOfSource', () => {
  it.each([
    ['/a/disk.qcow2', 'disk'],
    ['/a/coreos_production_qemu_image.img', 'coreos_production_qemu_image'],
    ['/a/debian-12.5', 'debian-12.5'],
    ['/a/disk.VMDK', 'disk'],
    ['/a/.raw', '.raw'],
  ])('names the copies of %s %s', (path, name) => {
    expect(nameOfSource(path)).toBe(name);
  });
});
