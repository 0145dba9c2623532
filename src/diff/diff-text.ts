import { formatBytes } from '../ui/bytes.ts';
import { alignColumns } from '../ui/table.ts';
import { cleanText } from '../ui/text-width.ts';
import type { FileChange, FileFacts } from './compare-files.ts';
import { type FileRow, groupFiles } from './group-files.ts';
import { type ImageDiff, type ImageSide, isDifferent, type SizeChange } from './image-diff.ts';

/** What two images differ in, for people: a line each, files of a folder together where they are many. */
export function diffLines(diff: ImageDiff): readonly string[] {
  const { before, after, packages, units, files, sizes, notes } = diff;
  return [
    ...alignColumns([sideRow('before', before), sideRow('after', after)]),
    ...section('packages', packages, [
      ...packages.removed.map(({ name, version }) => ['-', name, version]),
      ...packages.added.map(({ name, version }) => ['+', name, version]),
      ...packages.changed.map((change) => ['~', change.name, arrow(change.before, change.after)]),
    ]),
    ...section('units', units, [
      ...units.removed.map(({ name, state }) => ['-', name, state]),
      ...units.added.map(({ name, state }) => ['+', name, state]),
      ...units.changed.map((change) => ['~', change.name, arrow(change.before, change.after)]),
    ]),
    ...section('files', files, groupFiles(files).map(fileCells)),
    ...['', 'sizes', ...indented(sizes.map(sizeCells), [1, 2])],
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `note: ${cleanText(note)}`)]),
    ...(isDifferent(diff) ? [] : ['', 'nothing inside of the two differs']),
  ];
}

function sideRow(word: string, { image, system = '' }: ImageSide): readonly string[] {
  return [word, cleanText(image), cleanText(system)];
}

interface Counted {
  readonly added: readonly unknown[];
  readonly removed: readonly unknown[];
  readonly changed: readonly unknown[];
}

/** A heading with numbers, and a line for each change; nothing at all where there is none. */
function section(
  name: string,
  { added, removed, changed }: Counted,
  rows: readonly (readonly string[])[],
): readonly string[] {
  if (rows.length === 0) return [];
  const counts = countsText({ added: added.length, removed: removed.length, changed: changed.length });
  return ['', `${name}: ${counts}`, ...indented(rows)];
}

function indented(
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[] = [],
): readonly string[] {
  const clean = rows.map((row) => row.map(cleanText));
  return alignColumns(clean, rightAligned).map((line) => `  ${line}`);
}

/** `3 added, 1 changed`. */
function countsText(counts: Pick<FileRow, 'added' | 'removed' | 'changed'>): string {
  return (['removed', 'added', 'changed'] as const)
    .flatMap((word) => (counts[word] === 0 ? [] : [`${counts[word]} ${word}`]))
    .join(', ');
}

function fileCells(row: FileRow): readonly string[] {
  const { mark, path, change, grownBytes } = row;
  if (change !== undefined) return [mark, path, changeText(change)];
  const isOne = row.added + row.removed + row.changed === 1;
  const size = grownBytes === 0 ? [] : [isOne ? formatBytes(Math.abs(grownBytes)) : grownText(grownBytes)];
  return [mark, path, [...(isOne ? [] : [countsText(row)]), ...size].join(', ')];
}

/** `mode 0644 -> 0755, content 1.2 KiB -> 1.3 KiB`. */
function changeText({ differs, before, after }: FileChange): string {
  return differs
    .map((what) => {
      if (what !== 'content') return `${what} ${arrow(factText(what, before), factText(what, after))}`;
      if (before.sizeBytes === after.sizeBytes) return 'content';
      return `content ${arrow(formatBytes(before.sizeBytes), formatBytes(after.sizeBytes))}`;
    })
    .join(', ');
}

function factText(what: 'type' | 'mode' | 'owner' | 'target' | 'device', facts: FileFacts): string {
  if (what === 'mode') return facts.mode.toString(8).padStart(4, '0');
  if (what === 'owner') return `${facts.uid}:${facts.gid}`;
  return facts[what] ?? '';
}

function sizeCells({ of, beforeBytes, afterBytes }: SizeChange): readonly string[] {
  const both = beforeBytes !== undefined && afterBytes !== undefined;
  const grown = both && beforeBytes !== afterBytes ? grownText(afterBytes - beforeBytes) : '';
  return [of, sizeText(beforeBytes), sizeText(afterBytes), grown];
}

function sizeText(sizeBytes: number | undefined): string {
  return sizeBytes === undefined ? '-' : formatBytes(sizeBytes);
}

function grownText(bytes: number): string {
  return `${bytes < 0 ? '-' : '+'}${formatBytes(Math.abs(bytes))}`;
}

function arrow(before: string, after: string): string {
  return `${before} -> ${after}`;
}
