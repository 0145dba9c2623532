import type { FileChange, FileChanges, FileFacts } from './compare-files.ts';

/** One line about files: one name, or a whole folder. */
export interface FileRow {
  readonly mark: '+' | '-' | '~';
  /** A folder that stands for all in it ends in a slash. */
  readonly path: string;
  /** The one change, when the row is about a name alone. */
  readonly change?: FileChange;
  /** How many names came, went and changed. */
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  /** By how much files have grown. */
  readonly grownBytes: number;
}

/** More lines than these about one folder become one line. */
const MOST_ROWS = 20;
/** `/usr/lib` and above are never one line: it would say nothing. */
const SHALLOWEST_FOLD = 3;

/** A folder with something in it that differs. */
interface Folder {
  /** The folder itself, when it differs. */
  own?: FileRow;
  readonly names: FileRow[];
  readonly folders: Map<string, Folder>;
}

/**
 * The changes of files as few lines: each name by itself, but a folder that came or went whole, or in which much
 * changed, as one. In the order of their paths.
 */
export function groupFiles(changes: FileChanges): readonly FileRow[] {
  const root: Folder = { names: [], folders: new Map() };
  for (const file of changes.added) place(root, rowOf('+', file.path, file.sizeBytes), isFolder(file));
  for (const file of changes.removed) place(root, rowOf('-', file.path, -file.sizeBytes), isFolder(file));
  for (const change of changes.changed) {
    const { path, before, after } = change;
    const row = { ...rowOf('~', path, after.sizeBytes - before.sizeBytes), change };
    place(root, row, isFolder(before) && isFolder(after));
  }
  return rowsOf(root, '/', 0);
}

function isFolder({ type }: FileFacts): boolean {
  return type === 'folder';
}

function rowOf(mark: FileRow['mark'], path: string, grownBytes: number): FileRow {
  const [added, removed, changed] = (['+', '-', '~'] as const).map((each) => (each === mark ? 1 : 0));
  return { mark, path, added: added ?? 0, removed: removed ?? 0, changed: changed ?? 0, grownBytes };
}

function place(root: Folder, row: FileRow, isFolderItself: boolean): void {
  const names = row.path.split('/').filter((name) => name !== '');
  let folder = root;
  for (const name of isFolderItself ? names : names.slice(0, -1)) {
    const below = folder.folders.get(name) ?? { names: [], folders: new Map<string, Folder>() };
    folder.folders.set(name, below);
    folder = below;
  }
  if (isFolderItself) folder.own = row;
  else folder.names.push(row);
}

function rowsOf({ own, names, folders }: Folder, path: string, depth: number): readonly FileRow[] {
  const below = [...folders].flatMap(([name, folder]) => rowsOf(folder, `${path}${name}/`, depth + 1));
  const direct = names.length > MOST_ROWS ? [folded(`${path}*`, names)] : names;
  const inside = [...direct, ...below].sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1));
  const rows = own === undefined ? inside : [{ ...own, path }, ...inside];
  const isWhole = own !== undefined && own.mark !== '~';
  const isMuch = rows.length > MOST_ROWS && depth >= SHALLOWEST_FOLD;
  return isWhole || isMuch ? [folded(path, rows)] : rows;
}

/** Folders stand among names, each behind what is in front of it. */
function orderOf({ path }: FileRow): string {
  return path.replaceAll('/', '\0');
}

/** One row that stands for others. */
function folded(path: string, rows: readonly FileRow[]): FileRow {
  const sum = (of: 'added' | 'removed' | 'changed' | 'grownBytes'): number =>
    rows.reduce((total, row) => total + row[of], 0);
  const [added, removed, changed] = [sum('added'), sum('removed'), sum('changed')];
  const mark = removed + changed === 0 ? '+' : added + changed === 0 ? '-' : '~';
  return { mark, path, added, removed, changed, grownBytes: sum('grownBytes') };
}
