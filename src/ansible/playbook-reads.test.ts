import { chmod } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { AnsibleTree, play } from '../../test/support/ansible-tree.ts';
import { playbookReads } from './playbook-reads.ts';

/** For root every file can be read: the test becomes nobody for a moment. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  const user = process.geteuid?.() ?? 0;
  if (user === 0) process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    if (user === 0) process.seteuid?.(user);
  }
}

it.each<[name: string, message: string]>([
  ['roles/r/files/a', 'role r: files/a cannot be read: EACCES'],
  ['roles/r/tasks/main.yml', 'roles/r/tasks/main.yml cannot be read: EACCES'],
  ['site.yml', 'playbook site.yml cannot be read: EACCES'],
  ['roles/r/files', 'EACCES: permission denied, scandir'],
])('fails when %s may not be read', async (name, message) => {
  const files = { 'site.yml': play('roles: [r]'), 'roles/r/tasks/main.yml': '', 'roles/r/files/a': '' };
  const tree = await AnsibleTree.make(files);
  await chmod(tree.root, 0o755);
  await chmod(tree.path(name), 0);
  await expect(asNobody(() => tree.reads())).rejects.toMatchObject({
    code: 'layer-input-unreadable',
    message: expect.stringContaining(message) as unknown,
    hint: expect.any(String) as unknown,
  });
});

it('gives every path once, absolute, sorted by name', async () => {
  const tree = await AnsibleTree.make({
    'books/site.yml': play(
      'roles: [b, a]',
      'tasks: [{copy: {src: x}}, {copy: {src: ./x}}, {template: {src: x}}, {copy: {src: roles/a/files/y}}]',
    ),
    'books/roles/a/files/y': '',
    'books/roles/b/tasks/main.yml': '- copy: {src: ../../../x}',
    'books/x': '',
  });
  const { names, paths } = await tree.reads({ playbook: 'books/site.yml' });
  expect(names).toEqual(['file x', 'playbook site.yml', 'role a: files/y', 'role b: tasks/main.yml']);
  expect(paths).toEqual([
    'ROOT/books/x',
    'ROOT/books/site.yml',
    'ROOT/books/roles/a/files/y',
    'ROOT/books/roles/b/tasks/main.yml',
  ]);
});

it('names do not depend on where the folder is', async () => {
  const files = {
    'p/site.yml': play('roles: [r]', 'tasks: [{copy: {src: "{{ playbook_dir }}/../shared/a"}}]'),
    'p/ansible.cfg': '[defaults]\nroles_path = ../roles',
    'roles/r/tasks/main.yml': '- copy: {src: "{{ role_path }}/../../shared/b"}',
    'shared/a': '',
    'shared/b': '',
  };
  const [one, other] = [await AnsibleTree.make(files), await AnsibleTree.make(files)];
  const reads = ({ root }: AnsibleTree): ReturnType<typeof playbookReads> =>
    playbookReads('site.yml', { cwd: `${root}/p`, env: { HOME: root } });
  const names = (await reads(one)).files.map(({ name }) => name);
  expect(names).toEqual([
    'ansible.cfg',
    'file ../shared/a',
    'file ../shared/b',
    'playbook site.yml',
    'role r: tasks/main.yml',
  ]);
  expect((await reads(other)).files.map(({ name }) => name)).toEqual(names);
});

it('what is unknown says where, in one line, and the whole folder counts under the names that are known', async () => {
  const tree = await AnsibleTree.make({
    'site.yml': play(
      'roles: [r]',
      'tasks:',
      '  - include_tasks: >-',
      '      {{ ansible_system',
      '      }}.yml',
    ),
    'roles/r/tasks/main.yml': `- debug:\n- copy: {src: "${'{{ long }}'.repeat(20)}"}`,
    'roles/r/README.md': '',
    'roles/other/tasks/main.yml': '',
    'notes/x': '',
  });
  const { names, unknown } = await tree.reads();
  expect(unknown).toEqual([
    expect.stringMatching(/^roles\/r\/tasks\/main\.yml:2: copy src \{\{ long.{75,90}…$/) as unknown,
    'site.yml:4: include_tasks {{ ansible_system }}.yml',
  ]);
  expect(names).toEqual([
    'file notes/x',
    'file roles/other/tasks/main.yml',
    'file roles/r/README.md',
    'role r: tasks/main.yml',
  ]);
});
