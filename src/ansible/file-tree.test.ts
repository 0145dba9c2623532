import { expect, it } from 'vitest';
import { AnsibleTree } from '../../test/support/ansible-tree.ts';
import { FileTree } from './file-tree.ts';

it('tells files from folders, through links', async () => {
  const tree = await AnsibleTree.make({ 'a/b': '', link: '-> a', broken: '-> none', loop: '-> loop' });
  const kinds = ['a', 'a/b', 'link', 'link/b', 'broken', 'loop', 'none', 'a/b/c'].map((name) =>
    new FileTree().kindOf(tree.path(name)),
  );
  expect(kinds).toEqual(['folder', 'file', 'folder', 'file', undefined, undefined, undefined, undefined]);
});

it('lists what is read, and follows no link in a circle', async () => {
  const tree = await AnsibleTree.make({
    'a/x': '',
    'a/up': '-> ..',
    'a/x.pyc': '',
    'a/.x.swp': '',
    'a/x~': '',
    'a/x.retry': '',
    'a/__pycache__/x': '',
    '.git/x': '',
    'b/.hidden': '',
    'b/broken': '-> none',
    'b/to-a': '-> ../a',
  });
  expect([...new FileTree().filesUnder(tree.root)].sort()).toEqual(['a/x', 'b/.hidden', 'b/to-a/x']);
  expect(() => new FileTree().filesUnder(tree.path('none'))).toThrow('ENOENT');
});

it.each<[pattern: string, names: readonly string[]]>([
  ['*', ['a.conf', 'ab.conf', 'b[1].txt']],
  ['*.conf', ['a.conf', 'ab.conf']],
  ['?.conf', ['a.conf']],
  ['[!b]*', ['a.conf', 'ab.conf']],
  ['[a-b]*.c*', ['a.conf', 'ab.conf']],
  ['.*', ['.hidden']],
  ['b[[]1].txt', ['b[1].txt']],
  ['a+conf', []],
])('%s picks the names that the shell would pick', async (pattern, names) => {
  const tree = await AnsibleTree.make({
    'a.conf': '',
    'ab.conf': '',
    '.hidden': '',
    'b[1].txt': '',
    'folder.conf/x': '',
  });
  expect(new FileTree().namesMatching(tree.root, pattern)).toEqual(names);
});
