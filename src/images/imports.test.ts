import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DISK_FORMATS } from './formats.ts';
import { importGuides, type ImportStep } from './imports.ts';

const commands = (format: string, file: string, name = 'web'): string[] =>
  importGuides(format, { file, name }).flatMap(({ steps }) =>
    steps.flatMap((step) => (step.kind === 'type' ? [step.command] : [])),
  );

describe('the way of a file into its platform', () => {
  it.each(
    DISK_FORMATS.map(({ name, extension }) => [name, `web.${extension}`]),
  )('is known for %s, and names the file', (format, file) => {
    const guides = importGuides(format, { file, name: 'web' });
    expect(guides).not.toEqual([]);
    for (const { steps } of guides) expect(JSON.stringify(steps)).toContain(file);
  });

  it('can be typed as it stands, whatever the names are', () => {
    expect(commands('ova', "a b's.ova", "a b's")).toEqual([
      "VBoxManage import 'a b'\\''s.ova'",
      "govc import.ova '-name=a b'\\''s' 'a b'\\''s.ova'",
    ]);
    expect(commands('vhdx', "b's.vhdx", "b's")).toEqual([
      "New-VM -Name 'b''s' -Generation 2 -MemoryStartupBytes 2GB -VHDPath 'C:\\images\\b''s.vhdx'",
      "Set-VMFirmware -VMName 'b''s' -EnableSecureBoot Off",
    ]);
  });

  it('is not known for a format that is not', () => {
    expect(importGuides('floppy', { file: 'x', name: 'x' })).toEqual([]);
  });

  it('is the one that docs/formats.md tells', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/formats.md'), 'utf8');
    const table = /\| platform \| import \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(page)?.[1] ?? '';
    const cell = (step: ImportStep): string => (step.kind === 'type' ? `\`${step.command}\`` : step.text);
    const rows = DISK_FORMATS.flatMap(({ name, extension }) =>
      importGuides(name, { file: `coreos-stable.${extension}`, name: 'coreos-stable' }),
    ).map(({ platform, steps }) => `| ${platform} | ${steps.map(cell).join('; ')} |`);
    // One row a platform: that of its first format.
    const first = new Map(rows.toReversed().map((row) => [row.split(' | ')[0], row]));
    expect(table.trimEnd().split('\n').sort()).toEqual([...first.values()].sort());
  });
});
