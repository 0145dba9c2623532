import { describe, expect, it } from 'vitest';
import type { LayerRow } from '../events.ts';
import { layerLines, planLines } from './plan-text.ts';
import { paintLine } from './styled-line.ts';

function layers(rows: readonly LayerRow[], unknown: readonly string[] = []): string[] {
  return layerLines({ type: 'layers-planned', layers: rows, unknown }).map((line) => paintLine(line, false));
}

describe('the plan', () => {
  it('aligns labels and reasons', () => {
    const rows = [
      { label: 'build', value: 'qemu', why: 'BUILD_TYPE' },
      { label: 'accelerator', value: 'tcg' },
    ];
    expect(planLines(rows).map((line) => paintLine(line, false))).toEqual([
      'build        qemu  (BUILD_TYPE)',
      'accelerator  tcg',
    ]);
  });
});

describe('the layers', () => {
  it('say what is there, how long the rest took the last time, and why it is built', () => {
    expect(
      layers([
        { layer: 'machine', state: 'cached', reasons: [], expectedMs: 40_000 },
        { layer: 'container-host', state: 'build', reasons: ['variable x: 1 -> 2'], expectedMs: 92_000 },
        { layer: 'generalise', state: 'build', reasons: ['comes after container-host'] },
      ]),
    ).toEqual([
      'machine         cached',
      'container-host  build   about 1 min 32 s  (variable x: 1 -> 2)',
      'generalise      build                     (comes after container-host)',
    ]);
  });

  it('name three reasons, and count the others', () => {
    const reasons = ['a changed', 'b changed', 'c changed', 'd changed', 'e changed'];
    expect(layers([{ layer: 'x', state: 'build', reasons }])).toEqual([
      'x  build  (a changed, b changed, c changed, and 2 more)',
    ]);
  });

  it('say why a whole folder counts', () => {
    expect(layers([], ['site.yml:3: include_tasks {{ x }}'])).toEqual([
      'the whole Ansible folder counts: it cannot be known what site.yml:3: include_tasks {{ x }} reads',
    ]);
  });

  it('take no control characters from names', () => {
    expect(layers([{ layer: 'a\u001b[31mb', state: 'cached', reasons: [] }]).join('')).not.toContain(
      '\u001b',
    );
  });
});
