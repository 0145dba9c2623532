import { chmod } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { AnsibleTree, type Files, play, readsOf } from '../../test/support/ansible-tree.ts';
import { readConfig } from './config.ts';
import { FileTree } from './file-tree.ts';

const CONFIGS: Files = {
  'given/ansible.cfg': '[defaults]\nroles_path = given',
  'ansible.cfg': '[defaults]\nroles_path = working',
  'home/.ansible.cfg': '[defaults]\nroles_path = home',
};

it.each<[why: string, env: Record<string, string>, without: readonly string[], roles: string]>([
  ['the file that is named', { ANSIBLE_CONFIG: 'given/ansible.cfg' }, [], 'given/given'],
  ['the folder that is named', { ANSIBLE_CONFIG: '$PLACE', PLACE: 'given' }, [], 'given/given'],
  ["the working folder's, when the named one is not there", { ANSIBLE_CONFIG: 'none.cfg' }, [], 'working'],
  ["the working folder's", {}, [], 'working'],
  ["the user's", {}, ['ansible.cfg'], 'home/home'],
])('takes %s', async (_why, env, without, roles) => {
  const files = Object.entries(CONFIGS).filter(([name]) => !without.includes(name));
  const tree = await AnsibleTree.make(Object.fromEntries(files));
  const config = readConfig({ cwd: tree.root, env: { HOME: tree.path('home'), ...env } }, new FileTree());
  expect(config.rolesPath).toEqual([tree.path(roles)]);
});

it('passes over the ansible.cfg of a folder that everybody may write to, as Ansible does', async () => {
  const tree = await AnsibleTree.make(CONFIGS);
  await chmod(tree.root, 0o777);
  const config = readConfig({ cwd: tree.root, env: { HOME: tree.path('home') } }, new FileTree());
  expect(config.file).toBe(tree.path('home/.ansible.cfg'));
});

it('reads the ways that an ini file may be written in', async () => {
  const tree = await AnsibleTree.make({
    'ansible.cfg': `; roles_path = no
[other]
roles_path = no
[defaults]
# roles_path = no
Roles_Path : one:../two:~/three:
    /four ; the last one
inventory=hosts, more/
vault_identity_list = dev@dev.txt, prompt, ask@prompt
vault_password_file = $NAME.txt
collections_path = {{CWD}}/c
[defaults]
filter_plugins = filters`,
  });
  const env = { HOME: '/home/me', NAME: 'word' };
  const config = readConfig({ cwd: tree.path('.'), env }, new FileTree());
  expect(config).toMatchObject({
    rolesPath: [tree.path('one'), tree.path('../two'), '/home/me/three', '/four'],
    inventories: [tree.path('hosts'), tree.path('more')],
    passwordFiles: [tree.path('word.txt'), tree.path('dev.txt')],
    collectionsPath: [tree.path('c')],
  });
  expect(config.pluginFolders).toContain(tree.path('filters'));
  expect(config.pluginFolders).toContain('/home/me/.ansible/plugins/modules');
  expect(config.pluginFolders).not.toContain('/home/me/.ansible/plugins/filter');
});

it('the environment wins over the file, and its paths start at the working folder', async () => {
  const tree = await AnsibleTree.make({ 'sub/ansible.cfg': '[defaults]\nroles_path = no\nhome = .h' });
  const env = { HOME: '/h', ANSIBLE_CONFIG: 'sub', ANSIBLE_ROLES_PATH: 'a:b' };
  const config = readConfig({ cwd: tree.root, env }, new FileTree());
  expect(config.rolesPath).toEqual([tree.path('a'), tree.path('b')]);
  expect(config.collectionsPath).toEqual([tree.path('sub/.h/collections'), '/usr/share/ansible/collections']);
});

it.each<[why: string, files: Files, options: Parameters<typeof readsOf>[1], names: readonly string[]]>([
  [
    'the configuration and what it names',
    {
      'ansible.cfg':
        '[defaults]\nroles_path=more/roles\nfilter_plugins=f:none\nvault_password_file=pass\ninventory=inv/hosts',
      'site.yml': play('roles: [r]'),
      'more/roles/r/tasks/main.yml': '',
      'f/x.py': '',
      pass: '',
      'inv/hosts': '',
      'inv/group_vars/all.yml': '',
      'home/.ansible/plugins/lookup/x.py': '',
    },
    {},
    [
      'ansible.cfg',
      'f/x.py',
      'home/.ansible/plugins/lookup/x.py',
      'inventory group_vars/all.yml',
      'inventory inv/hosts',
      'password file pass',
      'role r: tasks/main.yml',
    ],
  ],
  [
    'what the command line names',
    {
      'site.yml': play(),
      'a.yml': '',
      'b.json': '{}',
      pass: '',
      pass2: '',
      'i/hosts': '',
      'i/host_vars/x.yml': '',
      'lib/m.py': '',
      'x.retry': '',
      limit: '',
    },
    {
      arguments: [
        '-e',
        '@a.yml',
        '--extra-vars=@b.json',
        '--vault-password-file',
        'pass',
        '--vault-id=x@pass2',
        '-ii/hosts',
        '-M',
        'lib',
        '--limit',
        '@limit',
        '-v',
      ],
    },
    [
      'inventory host_vars/x.yml',
      'inventory i/hosts',
      'lib/m.py',
      'password file limit',
      'password file pass',
      'password file pass2',
      'vars file a.yml',
      'vars file b.json',
    ],
  ],
  [
    'variables beside an inventory that is given otherwise',
    { 'site.yml': play(), 'i/group_vars/all': '', 'group_vars/all': '' },
    { inventoryFolders: ['i', '.'] },
    ['group_vars/all', 'inventory group_vars/all'],
  ],
  [
    'the collections of modules, filters and tests',
    {
      'site.yml': play(
        `tasks: [{a.mod.x: {}}, {debug: {msg: "{{ x | a.fil.y }}"}}, {debug: , when: "x is not a.tes.z"}, {copy: {content: "{{ lookup('a.loo.w', x) }}"}}]`,
      ),
      ...Object.fromEntries(
        ['mod', 'fil', 'tes', 'loo', 'not'].map((name) => [
          `c/ansible_collections/a/${name}/MANIFEST.json`,
          '',
        ]),
      ),
    },
    { env: { ANSIBLE_COLLECTIONS_PATHS: 'c/ansible_collections' } },
    ['collection a.fil', 'collection a.loo', 'collection a.mod', 'collection a.tes'],
  ],
])('counts %s', async (_why, files, options, names) => {
  expect(await readsOf(files, options)).toEqual({ names, unknown: [] });
});
