import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BuilderError } from '../errors.ts';
import { DEFAULT_FORMATS, DISK_FORMATS, parseFormats, sizeInFormat } from './formats.ts';

const names = (list: string): string[] => parseFormats(list).map(({ name }) => name);

describe('parseFormats', () => {
  it.each([
    ['keeps the order given', 'vmdk,vdi', ['vmdk', 'vdi']],
    ['takes each once: two writers of one file would destroy it', 'vdi,vhd,vdi', ['vdi', 'vhd']],
    ['does not mind blanks and case', ' VDI , vhd', ['vdi', 'vhd']],
    ['does not mind a comma too many', 'raw,', ['raw']],
  ])('%s', (_what, list, expected) => {
    expect(names(list)).toEqual(expected);
  });

  it.each([
    ['vdi,vhx', 'format "vhx" is not known'],
    ['vpc', 'format "vpc" is not known'],
    ['', 'no format is given'],
    [',', 'no format is given'],
  ])('refuses %j and names what it knows', (list, message) => {
    expect(() => parseFormats(list)).toThrow(
      expect.objectContaining({
        code: 'format-unknown',
        message,
        hint: expect.stringMatching(/^choose from: qcow2, .*, vdi, vhd, .*, vmdk/) as string,
      }),
    );
    expect(() => parseFormats(list)).toThrow(BuilderError);
  });

  it('gives each format an extension of its own, so that one folder holds them all', () => {
    expect(new Set(DISK_FORMATS.map(({ extension }) => extension)).size).toBe(DISK_FORMATS.length);
  });
});

describe('the formats', () => {
  it("are the original's by default", () => {
    expect(names(DEFAULT_FORMATS)).toEqual(['qcow2', 'vdi', 'vhd', 'vmdk']);
  });

  it.each([
    ['qcow2', 512, 512],
    ['vhd', 10 * 1024 ** 2 + 512, 10 * 1024 ** 2 + 512],
    ['vhd-azure', 10 * 1024 ** 2 + 512, 11 * 1024 ** 2],
    ['vhd-azure', 10 * 1024 ** 2, 10 * 1024 ** 2],
    ['gce', 12_600 * 1024 ** 2, 13 * 1024 ** 3],
  ])('%s makes a disk of %i bytes one of %i', (name, sizeBytes, expected) => {
    expect(parseFormats(name).map((format) => sizeInFormat(format, sizeBytes))).toEqual([expected]);
  });

  it('are listed so in docs/formats.md', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/formats.md'), 'utf8');
    const table = /\| format \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(page)?.[1] ?? '';
    const byDefault = names(DEFAULT_FORMATS);
    expect(table.trimEnd().split('\n')).toEqual(
      DISK_FORMATS.map(({ name, extension, target, size, check }) => {
        const mark = byDefault.includes(name) ? ' *' : '';
        return `| \`${name}\`${mark} | \`NAME.${extension}\` | ${target} | ${size} | ${check} |`;
      }),
    );
  });
});
