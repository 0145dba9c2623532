import { expect, it } from 'vitest';
import { type Files, play, readsOf } from '../../test/support/ansible-tree.ts';

const ROLE: Files = {
  'site.yml': play('roles: [r]'),
  'roles/r/defaults/main.yml': 'source: by-default',
  'roles/r/tasks/main.yml': '- copy: {src: "{{ source }}", dest: /}',
  'by-default': '',
  'by-play': '',
};
const OWN = ['role r: defaults/main.yml', 'role r: tasks/main.yml'];

it.each<[why: string, given: readonly string[], names: readonly string[]]>([
  ['the default, when nothing is given', [], ['file by-default']],
  ['the last of the command line', ['-e', 'source=/none', '-e', '{"source": "OUTSIDE"}'], ['file OUTSIDE']],
  ['a short form with quotes', ['-e', `other=1 source='OUTSIDE'`], ['file OUTSIDE']],
  ['YAML', ['--extra-vars={source: OUTSIDE}'], ['file OUTSIDE']],
  ['a file of the command line', ['-e@given.yml'], ['file by-play', 'vars file given.yml']],
  [
    'what comes after that file',
    ['-e@given.yml', '-esource=OUTSIDE'],
    ['file OUTSIDE', 'vars file given.yml'],
  ],
  ['a template', ['-e', '{"source": "{{ where }}/x"}', '-e', 'where=FOLDER'], ['file FOLDER/x']],
  ['no file, for an address', ['-e', 'source=https://x/y'], []],
  ['no file, for nothing', ['-e', '{"source": ""}'], []],
])('a source in a variable is %s', async (_why, given, names) => {
  const outside = import.meta.filename;
  const replaced = (text: string): string =>
    text
      .replace('OUTSIDE', outside)
      .replace('FOLDER/x', outside)
      .replace('FOLDER', outside.replace(/\/[^/]*$/, ''));
  const options = {
    arguments: given.map((text) => text.replace('/x"', `/${outside.replace(/^.*\//, '')}"`)).map(replaced),
  };
  const found = await readsOf({ ...ROLE, 'given.yml': 'source: by-play' }, options);
  expect(found).toEqual({ names: [...names.map(replaced), ...OWN].sort(), unknown: [] });
});

it.each<[why: string, files: Files, names: readonly string[]]>([
  [
    'the role and the play',
    { 'site.yml': play('vars: {source: by-play}', 'roles: [r]') },
    ['file by-default', 'file by-play'],
  ],
  [
    'the role and its caller',
    { 'site.yml': play('roles: [{role: r, source: by-play}]') },
    ['file by-default', 'file by-play'],
  ],
  [
    'a group',
    { 'group_vars/all.yml': 'source: by-play' },
    ['file by-default', 'file by-play', 'group_vars/all.yml'],
  ],
  [
    'a later play',
    { 'site.yml': play('roles: [r]') + play('vars: {source: by-play}') },
    ['file by-default', 'file by-play'],
  ],
])('every definition of a variable counts: %s', async (_why, files, names) => {
  expect(await readsOf({ ...ROLE, ...files })).toEqual({ names: [...names, ...OWN].sort(), unknown: [] });
});

it.each<[why: string, files: Files, given: readonly string[]]>([
  ['a result', { 'site.yml': play('tasks: [{command: x, register: source}, {import_role: {name: r}}]') }, []],
  [
    'a value that is worked out',
    { 'site.yml': play('vars: {source: "{{ ansible_system | lower }}"}', 'roles: [r]') },
    [],
  ],
  ['a value that adds to itself', { 'site.yml': play('roles: [{role: r, source: "{{ source }}.d"}]') }, []],
  ['an encrypted file', { 'group_vars/all': '$ANSIBLE_VAULT;1.1;AES256\n61' }, []],
  ['an inventory', { hosts: 'one source=x' }, ['-i', 'hosts']],
])('a source cannot be known when it may come from %s, unless the command line gives it', async (_why, files, given) => {
  const { unknown } = await readsOf({ ...ROLE, ...files }, { arguments: given });
  expect(unknown).toEqual(['roles/r/tasks/main.yml:1: copy src {{ source }}']);
  const known = await readsOf({ ...ROLE, ...files }, { arguments: [...given, '-e', 'source=by-play'] });
  expect(known).toMatchObject({ names: expect.arrayContaining(['file by-play']) as unknown, unknown: [] });
});

it.each<[why: string, yaml: string, isUnknown: boolean]>([
  ['itself', '{a: "{{ a }}"}', false],
  ['each other', '{a: "{{ b }}", b: "{{ a | default(b) }}"}', true],
  ['each other, and more', '{a: "{{ b }}/{{ b }}", b: "{{ a ~ a }}"}', true],
  ['an item of itself', '{a: {b: "{{ a.b }}{{ a.b }}"}}', true],
])('comes to an end when a variable names %s', async (_why, yaml, isUnknown) => {
  const site = play(`vars: ${yaml}`, 'tasks: [{copy: {src: "{{ a.b | default(a) }}x", dest: /}}]');
  const { unknown } = await readsOf({ 'site.yml': site });
  expect(unknown).toHaveLength(isUnknown ? 1 : 0);
});

it('finds definitions in files that only other definitions lead to', async () => {
  const found = await readsOf({
    'site.yml': play(
      'tasks: [{include_tasks: "{{ one }}"}, {include_vars: "{{ first }}"}]',
      'vars: {first: a.yml}',
    ),
    'a.yml': 'one: b.yml',
    'b.yml': '- include_vars: c.yml\n- copy: {src: "{{ two }}", dest: /}',
    'c.yml': 'two: end',
    end: '',
  });
  expect(found).toEqual({
    names: ['file end', 'tasks b.yml', 'vars file a.yml', 'vars file c.yml'],
    unknown: [],
  });
});

it('a file of variables on the command line must be there', async () => {
  await expect(readsOf(ROLE, { arguments: ['-e', '@none.yml'] })).rejects.toMatchObject({
    code: 'layer-input-unreadable',
    message: expect.stringContaining('vars file none.yml is not there') as unknown,
  });
});
