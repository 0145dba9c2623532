import { expect, it } from 'vitest';
import { AnsibleTree, type Files, play, readsOf } from '../../test/support/ansible-tree.ts';

const ROLE: Files = { 'site.yml': play('roles: [docker]') };

it.each<[why: string, files: Files, names: readonly string[]]>([
  [
    'a whole role, but not what is for its readers and its tests',
    {
      ...ROLE,
      'roles/docker/tasks/main.yml': '',
      'roles/docker/files/README.md': '',
      'roles/docker/meta/argument_specs.yml': '',
      'roles/docker/library/own.py': '',
      'roles/docker/README.md': '',
      'roles/docker/CHANGELOG': '',
      'roles/docker/LICENSE.txt': '',
      'roles/docker/molecule/default/x.yml': '',
      'roles/docker/tests/test.yml': '',
      'roles/docker/.git/HEAD': '',
      'roles/docker/tasks/.main.yml.swp': '',
      'roles/other/tasks/main.yml': '',
    },
    [
      'role docker: files/README.md',
      'role docker: library/own.py',
      'role docker: meta/argument_specs.yml',
      'role docker: tasks/main.yml',
    ],
  ],
  [
    'roles however they are named',
    {
      'site.yml': play(
        'roles: [a, {role: b}, {name: c, x: 1}, {role: ./far/d}, {role: "{{ which }}"}]',
        'vars: {which: e}',
      ),
      ...Object.fromEntries(['a', 'b', 'c', 'e'].map((name) => [`roles/${name}/tasks/main.yml`, ''])),
      'far/d/tasks/main.yml': '',
    },
    ['a', 'b', 'c', 'd', 'e'].map((name) => `role ${name}: tasks/main.yml`),
  ],
  [
    'dependencies, and theirs, also in a circle',
    {
      ...ROLE,
      'roles/docker/meta/main.yml': 'dependencies: [one, {role: two}]',
      'roles/one/meta/main.yaml': 'dependencies: [{name: three}]',
      'roles/two/tasks/main.yml': '',
      'roles/three/meta/main.yml': 'dependencies: [docker]',
    },
    [
      'role docker: meta/main.yml',
      'role one: meta/main.yaml',
      'role three: meta/main.yml',
      'role two: tasks/main.yml',
    ],
  ],
  [
    'a dependency that stands beside the role, in the folder of the playbook itself',
    {
      'site.yml': play('roles: [docker]'),
      'docker/meta/main.yml': 'dependencies: [one]',
      'one/tasks/main.yml': '',
    },
    ['role docker: meta/main.yml', 'role one: tasks/main.yml'],
  ],
  [
    'roles that tasks bring in, wherever the task stands',
    {
      'site.yml': play(
        'pre_tasks: [{include_role: {name: a}}]',
        'tasks: [{block: [{ansible.builtin.import_role: {name: b}}], rescue: [{import_role: name=c tasks_from=x}]}]',
        'post_tasks: [{local_action: {module: ansible.legacy.include_role, name: d}}]',
        'handlers: [{include_role: {name: "{{ item }}"}, loop: [e, f]}]',
      ),
      ...Object.fromEntries(['a', 'b', 'd', 'e', 'f'].map((name) => [`roles/${name}/tasks/main.yml`, ''])),
      'roles/c/tasks/x.yml': '- include_role: {name: g}',
      'roles/g/defaults/main.yml': '',
    },
    [
      'role a: tasks/main.yml',
      'role b: tasks/main.yml',
      'role c: tasks/x.yml',
      'role d: tasks/main.yml',
      'role e: tasks/main.yml',
      'role f: tasks/main.yml',
      'role g: defaults/main.yml',
    ],
  ],
  [
    'what the entry point that is taken reads, and not the others',
    {
      'site.yml': play(
        'tasks: [{include_role: {name: docker, tasks_from: seal, vars_from: far, handlers_from: h.yml}}]',
      ),
      'roles/docker/tasks/main.yml': '- copy: {src: /main, dest: /}',
      'roles/docker/tasks/seal.yaml': '- copy: {src: "{{ playbook_dir }}/seal", dest: /}',
      'roles/docker/vars/main.yml': '',
      'roles/docker/vars/far.yml': `x: "{{ lookup('file', '../../../far') }}"`,
      'roles/docker/handlers/h.yml': '- copy: {src: "{{ playbook_dir }}/handler", dest: /}',
      seal: '',
      far: '',
      handler: '',
    },
    [
      'file far',
      'file handler',
      'file seal',
      'role docker: handlers/h.yml',
      'role docker: tasks/main.yml',
      'role docker: tasks/seal.yaml',
      'role docker: vars/far.yml',
      'role docker: vars/main.yml',
    ],
  ],
  [
    'variables in a folder vars/main/',
    {
      ...ROLE,
      'roles/docker/vars/main/a.yml': 'source: "{{ playbook_dir }}/x"',
      'roles/docker/tasks/main.yml': '- copy: {src: "{{ source }}", dest: /}',
      x: '',
    },
    ['file x', 'role docker: tasks/main.yml', 'role docker: vars/main/a.yml'],
  ],
  [
    'a role of a collection, and what says which release that is',
    {
      'site.yml': play('roles: [ns.coll.docker]', 'tasks: [{include_role: {name: ns.other.x}}]'),
      'collections/ansible_collections/ns/coll/MANIFEST.json': '{}',
      'collections/ansible_collections/ns/coll/plugins/modules/x.py': '',
      'collections/ansible_collections/ns/coll/roles/docker/tasks/main.yml': '',
      'collections/ansible_collections/ns/coll/roles/unused/tasks/main.yml': '',
      'collections/ansible_collections/ns/other/galaxy.yml': '',
      'collections/ansible_collections/ns/other/plugins/modules/x.py': '',
      'collections/ansible_collections/ns/other/roles/x/tasks/main.yml': '',
    },
    [
      'collection ns.coll',
      'collection ns.other',
      'collection ns.other: plugins/modules/x.py',
      'role ns.coll.docker: tasks/main.yml',
      'role ns.other.x: tasks/main.yml',
    ],
  ],
  [
    'a role by its short name, of a collection that the play lists',
    {
      'site.yml': play('collections: [ns.coll]', 'roles: [docker]'),
      'collections/ansible_collections/ns/coll/MANIFEST.json': '{}',
      'collections/ansible_collections/ns/coll/roles/docker/tasks/main.yml': '',
      'roles/docker/tasks/main.yml': '',
    },
    ['collection ns.coll', 'role ns.coll.docker: tasks/main.yml'],
  ],
  [
    'files behind links, and not for ever',
    {
      'site.yml': play('roles: [docker]'),
      'real/tasks/main.yml': '',
      'roles/docker': '-> ../real',
      'real/files/again': '-> ../..',
      'real/files/broken': '-> nowhere',
    },
    ['role docker: files/again/site.yml', 'role docker: tasks/main.yml'],
  ],
  [
    'two roles of one name',
    {
      'site.yml': play('roles: [{role: one/docker}, {role: two/docker}]'),
      'one/docker/tasks/main.yml': '',
      'two/docker/tasks/main.yml': '',
    },
    ['role docker: tasks/main.yml (one/docker/tasks)', 'role docker: tasks/main.yml (two/docker/tasks)'],
  ],
])('counts %s', async (_why, files, names) => {
  expect(await readsOf(files)).toEqual({ names, unknown: [] });
});

it.each<[why: string, files: Files, unknown: string]>([
  [
    'a role named by a fact',
    { 'site.yml': play('roles: ["{{ ansible_system }}"]') },
    'site.yml:2: role {{ ansible_system }}',
  ],
  [
    'a role that a condition may keep from being missed',
    { 'site.yml': play('tasks:', '  - include_role:', '      name: none') },
    'site.yml:4: include_role none: there is no role none',
  ],
  [
    'the entry point',
    {
      'site.yml': play('tasks: [{include_role: {name: docker, tasks_from: "{{ x }}"}}]'),
      'roles/docker/tasks/a.yml': '',
    },
    'site.yml:2: include_role docker: tasks_from cannot be known',
  ],
  [
    'an entry point that is not there',
    {
      'site.yml': play('tasks: [{include_role: {name: docker, tasks_from: b}}]'),
      'roles/docker/tasks/a.yml': '',
    },
    'site.yml:2: include_role docker: role docker has no tasks/b',
  ],
  [
    'encrypted tasks',
    { ...ROLE, 'roles/docker/tasks/main.yml': '$ANSIBLE_VAULT;1.1;AES256\n61' },
    'roles/docker/tasks/main.yml:1: encrypted tasks',
  ],
])('cannot know %s', async (_why, files, unknown) => {
  const found = await readsOf({ ...files, elsewhere: '' });
  expect(found.unknown).toEqual([unknown]);
  expect(found.names).toContain('file elsewhere');
});

it.each<[why: string, files: Files, message: string]>([
  [
    'a role is not there',
    { 'site.yml': play('roles: [docker]') },
    'role docker (site.yml:2) is not there; searched: ROOT/roles, ROOT/home/.ansible/roles, /usr/share/ansible/roles, /etc/ansible/roles, ROOT',
  ],
  [
    'a dependency is not there',
    { ...ROLE, 'roles/docker/meta/main.yml': 'dependencies:\n  - role: one' },
    'role one (roles/docker/meta/main.yml:2) is not there; searched: ROOT/roles, ',
  ],
  [
    'a role that is imported is not there',
    { ...ROLE, 'roles/docker/tasks/main.yml': '\n- import_role: {name: one}' },
    'role one (roles/docker/tasks/main.yml:2) is not there; searched: ',
  ],
  [
    'tasks are not YAML',
    { ...ROLE, 'roles/docker/tasks/main.yml': '- debug:\n- a: "open' },
    'roles/docker/tasks/main.yml:2 is not YAML: ',
  ],
  [
    'tasks are no list',
    { ...ROLE, 'roles/docker/tasks/main.yml': '\ndebug: {}' },
    'roles/docker/tasks/main.yml:2 is not a list of tasks',
  ],
  [
    'defaults are not YAML',
    { ...ROLE, 'roles/docker/defaults/main.yml': 'a: [' },
    'roles/docker/defaults/main.yml:1 is not YAML',
  ],
])('fails when %s', async (_why, files, message) => {
  const tree = await AnsibleTree.make(files);
  const failure = await tree.reads().catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: 'layer-input-unreadable' });
  expect(failure instanceof Error ? failure.message.replaceAll(tree.root, 'ROOT') : '').toContain(message);
});
