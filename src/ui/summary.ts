import type { BuildFinished, OutputCurrent } from '../events.ts';
import type { PhaseRecord } from './build-tracker.ts';
import { formatBytes } from './bytes.ts';
import { formatDuration } from './duration.ts';
import { currentText } from './event-text.ts';
import type { StyledLine } from './styled-line.ts';
import { alignColumns } from './table.ts';
import { cleanText } from './text-width.ts';

/** What a finished build leaves behind: how long each phase took, which files there are, where, and how to log in. */
export function summaryLines(event: BuildFinished, phases: readonly PhaseRecord[]): readonly StyledLine[] {
  return [
    [{ text: `finished in ${formatDuration(event.durationMs)}`, style: 'bold' }],
    ...phaseTable(phases),
    ...artifactTable(event),
    ...amiTable(event),
    [''],
    ...alignColumns([
      ['  directory', cleanText(event.directory)],
      ...(event.login === undefined ? [] : [['  log in', cleanText(event.login)]]),
    ]).map((line) => [line]),
  ];
}

/** What a build says that had nothing to build. */
export function currentLines(event: OutputCurrent): readonly StyledLine[] {
  return [[currentText(event)], ...amiTable(event)];
}

function phaseTable(phases: readonly PhaseRecord[]): readonly StyledLine[] {
  if (phases.length === 0) return [];
  const rows = phases.map(({ title, outcome, durationMs }) => [
    `  ${cleanText(title)}`,
    formatDuration(durationMs ?? 0),
    ...(outcome === 'done' ? [] : [outcome ?? 'running']),
  ]);
  return withHead(['  phase', 'time'], rows, [1]);
}

function artifactTable({ artifacts }: BuildFinished): readonly StyledLine[] {
  if (artifacts.length === 0) return [];
  const rows = artifacts.map(({ format, file, bytes, virtualBytes }) => [
    `  ${cleanText(format)}`,
    cleanText(file),
    formatBytes(bytes),
    formatBytes(virtualBytes),
  ]);
  return withHead(['  format', 'file', 'size', 'disk'], rows, [2, 3]);
}

function amiTable({ amis = [] }: Pick<BuildFinished, 'amis'>): readonly StyledLine[] {
  if (amis.length === 0) return [];
  const rows = amis.map(({ id, region, snapshotId, name }) => [
    `  ${cleanText(id)}`,
    ...[region, snapshotId, name].map(cleanText),
  ]);
  return withHead(['  ami', 'region', 'snapshot', 'name'], rows, []);
}

function withHead(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rightAligned: readonly number[],
): readonly StyledLine[] {
  const [headLine = '', ...lines] = alignColumns([head, ...rows], rightAligned);
  return [[''], [{ text: headLine, style: 'dim' }], ...lines.map((line) => [line])];
}
