import { expect, it } from 'vitest';
import { alignColumns } from './table.ts';

it('aligns columns to their widest cell and leaves no spaces at the end', () => {
  const rows = [
    ['format', 'file', 'size'],
    ['qcow2', 'coreos-stable.qcow2', '512.3 MiB'],
    ['vdi', '日.vdi', '8 GiB'],
    ['a note alone'],
  ];
  expect(alignColumns(rows, [2])).toEqual([
    'format        file                      size',
    'qcow2         coreos-stable.qcow2  512.3 MiB',
    'vdi           日.vdi                   8 GiB',
    'a note alone',
  ]);
});

it('makes nothing of nothing', () => {
  expect(alignColumns([])).toEqual([]);
});
