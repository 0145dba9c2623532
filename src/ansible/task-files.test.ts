import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnsibleTree, type Files, play, readsOf } from '../../test/support/ansible-tree.ts';

/** A role `r` with these tasks. */
function role(list: string): Files {
  return { 'site.yml': play('roles: [r]'), 'roles/r/tasks/main.yml': list };
}
const ROLE_ITSELF = 'role r: tasks/main.yml';

it.each<[why: string, list: string, files: Files, names: readonly string[]]>([
  [
    'in its own folders',
    '[{copy: {src: a}}, {template: {src: b}}]',
    { 'roles/r/files/a': '', 'roles/r/templates/b': '' },
    ['role r: files/a', ROLE_ITSELF, 'role r: templates/b'],
  ],
  ['beside its tasks', '[{copy: {src: a}}]', { 'roles/r/tasks/a': '' }, ['role r: tasks/a', ROLE_ITSELF]],
  [
    "in the playbook's folders, when the role has none",
    '[{copy: {src: a}}]',
    { 'files/a': '', a: '' },
    ['file files/a', ROLE_ITSELF],
  ],
  [
    'outside of the role',
    '[{copy: {src: ../../../shared/a}}]',
    { 'shared/a': '' },
    ['file shared/a', ROLE_ITSELF],
  ],
  [
    'by the path of the role',
    `[{copy: {src: "{{ role_path }}/../x/a"}}, {copy: {src: "{{ role_path ~ '/files/b' }}"}}]`,
    { 'roles/x/a': '', 'roles/r/files/b': '' },
    ['file roles/x/a', 'role r: files/b', ROLE_ITSELF],
  ],
  [
    'by its defaults',
    '[{copy: {src: "{{ source }}"}}]',
    { 'roles/r/defaults/main.yml': 'source: a', a: '' },
    ['file a', 'role r: defaults/main.yml', ROLE_ITSELF],
  ],
  [
    'in tasks that it includes, from where they stand',
    '[{include_tasks: sub/one.yml}]',
    {
      'roles/r/tasks/sub/one.yml': '[{import_tasks: two.yml}, {include_tasks: three.yml}]',
      'roles/r/tasks/sub/two.yml': '[{include_tasks: "{{ role_path }}/../../far.yml"}]',
      'roles/r/tasks/three.yml': '',
      'far.yml': '',
    },
    [
      'role r: tasks/main.yml',
      'role r: tasks/sub/one.yml',
      'role r: tasks/sub/two.yml',
      'role r: tasks/three.yml',
      'tasks far.yml',
    ],
  ],
  [
    'in handlers',
    '[]',
    {
      'roles/r/handlers/main.yml': '[{import_tasks: more.yml}]',
      'roles/r/handlers/more.yml': '[{copy: {src: a}}]',
      a: '',
    },
    ['file a', 'role r: handlers/main.yml', 'role r: handlers/more.yml', ROLE_ITSELF],
  ],
  ['in tasks that include themselves', '[{include_tasks: main.yml}]', {}, [ROLE_ITSELF]],
  [
    'in a folder of variables',
    '[{include_vars: {dir: more}}, {copy: {src: "{{ x }}"}}]',
    { 'roles/r/vars/more/a.yml': 'x: y', y: '' },
    ['file y', ROLE_ITSELF, 'role r: vars/more/a.yml'],
  ],
  [
    'in variables under a name',
    '[{include_vars: {file: a.yml, name: n}}, {copy: {src: "{{ n.x }}"}}]',
    { 'roles/r/vars/a.yml': 'x: y', y: '' },
    ['file y', ROLE_ITSELF, 'role r: vars/a.yml'],
  ],
  [
    'for a role that it includes',
    '[{include_role: {name: s}, vars: {source: a}}]',
    {
      'roles/s/tasks/main.yml': '[{copy: {src: "{{ source }}"}}, {copy: {src: b}}]',
      'roles/r/files/a': '',
      'roles/r/files/b': '',
    },
    ['role r: files/a', 'role r: files/b', ROLE_ITSELF, 'role s: tasks/main.yml'],
  ],
  [
    'for a role that it includes for each of some',
    '[{include_role: {name: s}, vars: {source: "{{ item }}"}, loop: [a, b]}]',
    { 'roles/s/tasks/main.yml': '[{copy: {src: "{{ source }}"}}]', a: '', b: '' },
    ['file a', 'file b', ROLE_ITSELF, 'role s: tasks/main.yml'],
  ],
])('finds what a role reads %s', async (_why, list, files, names) => {
  expect(await readsOf({ ...role(list), ...files })).toEqual({ names, unknown: [] });
});

const DECLARED = `
# of the task before
- command: make
  delegate_to: localhost
# layer-reads: sources
# layer-reads: {{ more }}
- name: Two
  command: make all
  delegate_to: localhost
- command: make none
  # layer-reads: nothing (it only says the time)
  delegate_to: localhost
- copy:
    src: "{{ made.stdout }}" # layer-reads: nothing
- shell: |
    # layer-reads: no/such/file
    cat no/such/file
  connection: local
- command: make
  delegate_to: localhost
`;

it("takes the word of a task's author for what cannot be seen", async () => {
  const files = {
    'site.yml': play('vars: {more: a}', 'tasks: [{import_tasks: made.yml}]'),
    'made.yml': DECLARED,
    'sources/x': '',
    a: '',
    elsewhere: '',
  };
  expect(await readsOf(files)).toEqual({
    names: ['file a', 'file elsewhere', 'file sources/x', 'tasks made.yml'],
    unknown: [
      'made.yml:15: layer-reads: no/such/file: no/such/file is not there',
      'made.yml:19: command on the controller',
      'made.yml:3: command on the controller',
    ],
  });
});

it('an import of tasks that are not there is a failure, with the places that were searched', async () => {
  const tree = await AnsibleTree.make(role('[{import_tasks: none.yml}]'));
  const message = `none.yml (roles/r/tasks/main.yml:1) is not there; searched: ${tree.path('roles/r/tasks/none.yml')}, ${tree.path('roles/r/none.yml')}, ${tree.path('tasks/none.yml')}, ${tree.path('none.yml')}`;
  await expect(tree.reads()).rejects.toMatchObject({ code: 'layer-input-unreadable', message });
});

/** A task, inside of any nesting of blocks. */
const nested = fc.letrec<{ list: string }>((tie) => ({
  list: fc.oneof(
    { maxDepth: 6 },
    fc
      .constantFrom(
        'include_tasks: found.yml',
        'ansible.builtin.import_tasks: found.yml',
        'include_tasks: {file: found.yml}',
      )
      .map((task) => `[{debug: }, {${task}}]`),
    fc
      .tuple(fc.constantFrom('block', 'rescue', 'always'), tie('list'), fc.boolean())
      .map(([key, list, isNamed]) =>
        `[{${isNamed ? 'name: x, when: y, ' : ''}block: [{debug: }], ${key}: ${list}}]`.replace(
          'block: [{debug: }], block:',
          'block:',
        ),
      ),
  ),
})).list;

it('finds included tasks inside of any blocks', async () => {
  const tree = await AnsibleTree.make({ 'found.yml': '' });
  await fc.assert(
    fc.asyncProperty(
      nested,
      fc.constantFrom('pre_tasks', 'tasks', 'post_tasks', 'handlers'),
      async (list, section) => {
        await tree.write({ 'site.yml': play(`${section}: ${list}`) });
        expect(await tree.reads()).toMatchObject({ names: ['tasks found.yml'], unknown: [] });
      },
    ),
  );
});

const pathPart = fc.constantFrom('tasks', 'files', 'a', 'b', 'c');
const rolePath = fc
  .array(pathPart, { minLength: 1, maxLength: 4 })
  .map((parts) => `${parts.join('.d/')}.txt`);

it('a role counts file by file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(rolePath, { minLength: 1, maxLength: 8 }), async (paths) => {
      const files = paths.map((path) => [`roles/r/${path}`, ''] as const);
      const tree = await AnsibleTree.make({
        'site.yml': play('roles: [r]'),
        ...Object.fromEntries(files.slice(1)),
        'roles/r/keep': '',
      });
      const before = (await tree.reads()).names;
      await tree.write(Object.fromEntries(files));
      const after = (await tree.reads()).names;
      expect(after).toEqual([...before, `role r: ${paths[0] ?? ''}`].sort());
    }),
    { numRuns: 30 },
  );
});

const anyText = fc.constantFrom(
  'a',
  '{{ item }}',
  '{{ x | default(item.a) }}',
  "{{ lookup('file', x) }}",
  '{% if',
  'r',
  '',
  'a=b',
  '~/a',
  '/',
);
const anyKey = fc.constantFrom(
  ...[
    'copy',
    'template',
    'script',
    'action',
    'args',
    'include_tasks',
    'include_role',
    'include_vars',
    'set_fact',
    'vars',
  ],
  ...[
    'block',
    'rescue',
    'loop',
    'with_file',
    'with_first_found',
    'loop_control',
    'register',
    'when',
    'src',
    'name',
    'file',
    'dir',
    'x',
    'item',
  ],
);
const anyTasks = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    anyText,
    fc.constantFrom(null, true, 7),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(anyKey, tie('value'), { maxKeys: 4 }),
  ),
})).value;

it('comes to an end on any tasks, with an answer or a coded failure', async () => {
  const tree = await AnsibleTree.make({
    a: '[{copy: {src: "{{ x }}"}}]',
    'roles/r/tasks/main.yml': '[{include_tasks: ../../../a}]',
  });
  await fc.assert(
    fc.asyncProperty(fc.array(anyTasks, { maxLength: 4 }), anyTasks, async (list, variables) => {
      await tree.write({ 'site.yml': JSON.stringify([{ hosts: 'all', vars: variables, tasks: list }]) });
      const found = await tree.reads().catch((thrown: unknown) => thrown);
      if (found instanceof Error) expect(found).toMatchObject({ code: 'layer-input-unreadable' });
      else expect(found).toMatchObject({ names: expect.any(Array) as unknown });
    }),
    { numRuns: 300 },
  );
});
