import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FileChanges, FileFacts } from './compare-files.ts';
import { groupFiles } from './group-files.ts';

function facts(type: FileFacts['type'], sizeBytes = 0): FileFacts {
  return { type, mode: 0o644, uid: 0, gid: 0, sizeBytes };
}

function names(count: number, folder: string): string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/${index}`);
}

/** Changes out of paths; one that ends in a slash is a folder's. Each file has 10 bytes, and 3 more when it changes. */
function changesOf(paths: Partial<Record<keyof FileChanges, readonly string[]>>): FileChanges {
  const typeOf = (path: string): FileFacts['type'] => (path.endsWith('/') ? 'folder' : 'file');
  const one = (path: string): FileFacts & { path: string } => ({
    path: path.replace(/\/$/, ''),
    ...facts(typeOf(path), typeOf(path) === 'file' ? 10 : 0),
  });
  const { added = [], removed = [], changed = [] } = paths;
  return {
    added: added.map(one),
    removed: removed.map(one),
    changed: changed.map((path) => {
      const { path: clean, ...before } = one(path);
      const after = { ...before, sizeBytes: before.sizeBytes + (before.type === 'file' ? 3 : 0) };
      return { path: clean, differs: ['content'], before, after };
    }),
  };
}

function shown(changes: FileChanges): readonly string[] {
  return groupFiles(changes).map(
    ({ mark, path, added, removed, changed, grownBytes }) =>
      `${mark} ${path} ${added} ${removed} ${changed} ${grownBytes}`,
  );
}

describe('files that differ', () => {
  it('are a line each where they are few, in the order of their paths', () => {
    const changes = changesOf({ added: ['/b'], removed: ['/a/z', '/a-z'], changed: ['/a/b/c', '/a/'] });
    expect(shown(changes)).toEqual([
      '~ /a/ 0 0 1 0',
      '~ /a/b/c 0 0 1 3',
      '- /a/z 0 1 0 -10',
      '- /a-z 0 1 0 -10',
      '+ /b 1 0 0 10',
    ]);
  });

  it('are one line for a folder that came or went with all in it', () => {
    const changes = changesOf({
      added: ['/opt/new/', '/opt/new/deep/', '/opt/new/deep/file', '/opt/new/file'],
      removed: ['/srv/old/'],
    });
    expect(shown(changes)).toEqual(['+ /opt/new/ 4 0 0 20', '- /srv/old/ 0 1 0 0']);
  });

  it('are one line for the many names of one folder, beside its folders', () => {
    const changes = changesOf({ added: names(300, '/usr/bin'), changed: ['/usr/bin/sub/x'] });
    expect(shown(changes)).toEqual(['+ /usr/bin/* 300 0 0 3000', '~ /usr/bin/sub/x 0 0 1 3']);
  });

  it('are one line for a deep folder with many folders, and never for a high one', () => {
    const packages = names(50, '/usr/share/doc').map((folder) => `${folder}/changelog`);
    const high = names(50, '/usr').map((folder) => `${folder}/file`);
    expect(shown(changesOf({ changed: packages, added: ['/usr/share/doc/0/new'] }))).toEqual([
      '~ /usr/share/doc/ 1 0 50 160',
    ]);
    expect(shown(changesOf({ changed: high }))).toHaveLength(50);
  });

  it('are all counted, in however few lines', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 6 })
      .map((parts) => `/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 300 }), fc.nat({ max: 300 }), (paths, split) => {
        const changes = changesOf({ added: paths.slice(0, split), changed: paths.slice(split) });
        const rows = groupFiles(changes);
        expect(rows.reduce((sum, { added }) => sum + added, 0)).toBe(changes.added.length);
        expect(rows.reduce((sum, { changed }) => sum + changed, 0)).toBe(changes.changed.length);
        expect(new Set(rows.map((row) => row.path)).size).toBe(rows.length);
      }),
    );
  });
});
