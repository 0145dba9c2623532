import { expect, it } from 'vitest';
import { AnsibleTree, type Files, play, readsOf } from '../../test/support/ansible-tree.ts';

interface Case {
  readonly why: string;
  readonly files: Files;
  readonly names: readonly string[];
}

it.each<Case>([
  {
    why: 'a playbook alone',
    files: { 'site.yml': play('tasks: [{debug: {msg: hello}}]') },
    names: [],
  },
  {
    why: 'playbooks that it imports, from where they stand',
    files: {
      'site.yml': '- import_playbook: sub/one.yml\n- ansible.builtin.import_playbook: two.yml when=x',
      'sub/one.yml': '- import_playbook: three.yml',
      'sub/three.yml': play(),
      'two.yml': play(),
    },
    names: ['playbook sub/one.yml', 'playbook sub/three.yml', 'playbook two.yml'],
  },
  {
    why: 'playbooks that import each other, once',
    files: { 'site.yml': '- import_playbook: one.yml', 'one.yml': '- import_playbook: site.yml' },
    names: ['playbook one.yml'],
  },
  {
    why: 'files of variables, also in vars/',
    files: {
      'site.yml': play('vars_files: [one.yml, vars/two.yml, three.yml]'),
      'one.yml': 'a: 1',
      'vars/two.yml': 'b: 2',
      'vars/three.yml': 'c: 3',
    },
    names: ['vars file one.yml', 'vars file vars/three.yml', 'vars file vars/two.yml'],
  },
  {
    why: 'the first file of several',
    files: { 'site.yml': play('vars_files: [[none.yml, b.yml, c.yml]]'), 'b.yml': '', 'c.yml': '' },
    names: ['vars file b.yml'],
  },
  {
    why: 'a file of variables whose name is in a variable',
    files: { 'site.yml': play('vars: {kind: debian}', 'vars_files: ["{{ kind }}.yml"]'), 'debian.yml': '' },
    names: ['vars file debian.yml'],
  },
  {
    why: 'an encrypted file of variables',
    files: { 'site.yml': play('vars_files: [secret.yml]'), 'secret.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162' },
    names: ['vars file secret.yml'],
  },
  {
    why: 'variables of groups and hosts, files and folders of any depth',
    files: {
      'site.yml': play(),
      'group_vars/all.yml': 'a: 1',
      'group_vars/web/deep/vault': '$ANSIBLE_VAULT;1.1;AES256\n6162',
      'host_vars/one.json': '{}',
      'group_vars/.all.yml.swp': '',
      'group_vars/all.yml~': '',
    },
    names: ['group_vars/all.yml', 'group_vars/web/deep/vault', 'host_vars/one.json'],
  },
  {
    why: 'what they read, and a broken file of a group that may never be met',
    files: {
      'site.yml': play(),
      'group_vars/all.yml': `key: "{{ lookup('file', 'key.pub') }}"`,
      'group_vars/none.yml': 'a: [',
      'files/key.pub': '',
    },
    names: ['file files/key.pub', 'group_vars/all.yml', 'group_vars/none.yml'],
  },
  {
    why: 'plugins and modules beside the playbook',
    files: {
      'site.yml': play(),
      'library/own.py': '',
      'filter_plugins/own.py': '',
      'filter_plugins/own.pyc': '',
      'lookup_plugins/__pycache__/x.py': '',
      'module_utils/deep/own.py': '',
      'other/own.py': '',
    },
    names: ['filter_plugins/own.py', 'library/own.py', 'module_utils/deep/own.py'],
  },
  {
    why: 'both documents of a playbook file, and tags that only Ansible knows',
    files: {
      'site.yml': `${play('vars: {a: !unsafe "{{ x }}", b: !vault abc, c: !other 1}', 'roles: [one]')}---\n${play('roles: [two]')}`,
      'roles/one/tasks/main.yml': '',
      'roles/two/tasks/main.yml': '',
    },
    names: ['role one: tasks/main.yml', 'role two: tasks/main.yml'],
  },
  {
    why: 'anchors and merged maps',
    files: {
      'site.yml':
        '- &first\n  hosts: all\n  tasks: &tasks\n    - &copy {copy: {src: a, dest: /a}}\n- hosts: all\n  tasks: *tasks\n- <<: *first\n  hosts: other',
      a: '',
    },
    names: ['file a'],
  },
])('counts $why', async ({ files, names }) => {
  expect(await readsOf(files)).toEqual({ names, unknown: [] });
});

it.each<[why: string, files: Files, unknown: string]>([
  [
    'a file of variables named by a fact',
    { 'site.yml': play('vars_files: ["{{ ansible_os_family }}.yml"]') },
    'site.yml:2: vars_files {{ ansible_os_family }}.yml',
  ],
  [
    'a playbook named by a variable',
    { 'site.yml': '- import_playbook: "{{ x }}.yml"' },
    'site.yml:1: import_playbook {{ x }}.yml',
  ],
  [
    'an encrypted playbook',
    { 'site.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162' },
    'site.yml:1: encrypted playbook',
  ],
  [
    'what a prompt will say',
    { 'site.yml': play('vars_prompt: [{name: x}]', 'tasks: [{copy: {src: "{{ x }}", dest: /}}]') },
    'site.yml:3: copy src {{ x }}',
  ],
])('cannot know %s: then the whole folder counts', async (_why, files, unknown) => {
  const found = await readsOf({ ...files, 'roles/other/README.md': '', 'x.retry': '', '.git/HEAD': '' });
  expect(found).toEqual({ names: ['file roles/other/README.md'], unknown: [unknown] });
});

it.each<[why: string, files: Files, message: string | RegExp]>([
  ['the playbook is not there', {}, 'playbook site.yml is not there: ROOT/site.yml (the command line)'],
  [
    'an imported one is not there',
    { 'site.yml': '---\n- import_playbook: two.yml' },
    'playbook two.yml is not there: ROOT/two.yml (site.yml:2)',
  ],
  [
    'a file of variables is not there',
    { 'site.yml': play('vars_files: [[a.yml, b.yml]]') },
    /^vars file a.yml, b.yml \(site.yml:2\) is not there; searched: ROOT\/vars\/a.yml, ROOT\/a.yml, .*ROOT\/b.yml$/,
  ],
  [
    'a playbook is not YAML',
    { 'site.yml': '- hosts: all\n  vars:\n    a: [1, 2\n  b: }' },
    /^playbook site.yml:\d is not YAML: /,
  ],
  ['an entry is no play', { 'site.yml': `${play()}- word` }, 'playbook site.yml:2 is not a play'],
  ['a file leads to itself', { 'site.yml': '-> site.yml' }, /^playbook site.yml is not there/],
])('fails when %s', async (_why, files, message) => {
  const tree = await AnsibleTree.make(files);
  const failure = await tree.reads().catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ code: 'layer-input-unreadable' });
  const said = failure instanceof Error ? failure.message.replaceAll(tree.root, 'ROOT') : '';
  expect(said).toMatch(
    typeof message === 'string' ? new RegExp(`^${message.replace(/[.()]/g, '\\$&')}$`) : message,
  );
});
