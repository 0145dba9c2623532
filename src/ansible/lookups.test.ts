import { expect, it } from 'vitest';
import { type Files, play, readsOf } from '../../test/support/ansible-tree.ts';

function empty(names: readonly string[]): Files {
  return Object.fromEntries(names.map((name) => [name, '']));
}

it.each<[call: string, files: readonly string[], names: readonly string[]]>([
  [`lookup('file', 'a')`, ['files/a', 'a'], ['file files/a']],
  [`lookup("ansible.builtin.file", "a", 'b') | trim`, ['a', 'b'], ['file a', 'file b']],
  [`query('file', 'a')`, ['a'], ['file a']],
  [`q('unvault', 'a')`, ['a'], ['file a']],
  [`x ~ (lookup('file', playbook_dir ~ '/a') | b64encode)`, ['a'], ['file a']],
  [`[lookup('file', lookup('env', 'NAME'))]`, ['named'], ['file named']],
  [`lookup('file', ['a', 'b'])`, ['a', 'b'], ['file a', 'file b']],
  [`lookup('template', 'a.j2', convert_data=false)`, ['templates/a.j2'], ['file templates/a.j2']],
  [`lookup('csvfile', 'key', file='a.csv', delimiter=',')`, ['files/a.csv'], ['file files/a.csv']],
  [`lookup('csvfile', 'key file=a.csv')`, ['a.csv'], ['file a.csv']],
  [`lookup('ini', 'key', section='s')`, ['ansible.ini'], ['file ansible.ini']],
  [
    `lookup('fileglob', '*.conf')`,
    ['files/a.conf', 'files/.b.conf', 'files/c', 'd.conf'],
    ['file files/a.conf'],
  ],
  [
    `query('fileglob', 'sub/[ab]?.conf')`,
    ['sub/a1.conf', 'sub/b22.conf', 'sub/c1.conf'],
    ['file sub/a1.conf'],
  ],
  [`lookup('fileglob', 'none*')`, ['a'], []],
  [`lookup('first_found', ['none', 'a', 'b'])`, ['a', 'files/b'], ['file a', 'file files/b']],
  [`lookup('first_found', {'files': ['none', 'a'], 'paths': ['one', 'two']})`, ['two/a'], ['file two/a']],
  [`lookup('first_found', files=['a'], paths='one:two', skip=true)`, ['two/a'], ['file two/a']],
  [`lookup('community.general.filetree', 'tree')`, ['tree/a/b'], ['file tree/a/b']],
  [`lookup('password', 'pass/word length=20')`, ['pass/word'], ['file pass/word']],
  [`lookup('password', '/dev/null')`, [], []],
  [`lookup('env', 'HOME') ~ lookup('vars', 'x', default='y')`, ['x'], []],
  [`lookup('url', 'https://x') ~ lookup('config', 'x') ~ query('sequence', 'end=3')`, [], []],
  [`lookup('community.hashi_vault.vault', 'a')`, ['a'], []],
  [`x.lookup('file', 'a')`, ['a'], []],
  [`'lookup(\\'file\\', \\'a\\')'`, ['a'], []],
])('{{ %s }} reads what it names', async (call, files, names) => {
  const site = play(`vars: {value: ${JSON.stringify(`{{ ${call} }}`)}}`);
  const found = await readsOf({ 'site.yml': site, ...empty(files) }, { env: { NAME: 'named' } });
  expect(found).toEqual({ names, unknown: [] });
});

it.each<[where: string, lines: readonly string[]]>([
  ['a variable of a play', [`vars: {x: {y: ["{{ lookup('file', 'a') }}"]}}`]],
  ['a variable of a role', [`roles: [{role: r, x: "{{ lookup('file', 'a') }}"}]`]],
  ['an environment', [`environment: {x: "{{ lookup('file', 'a') }}"}`]],
  ['an argument', [`tasks: [{command: "x {{ lookup('file', 'a') }}"}]`]],
  ['a condition', [`tasks: [{debug: {}, when: "lookup('file', 'a') == 'x'"}]`]],
  ['one of several conditions', [`tasks: [{debug: {}, until: [x, "lookup('file', 'a')"]}]`]],
  ['an assertion', [`tasks: [{assert: {that: ["lookup('file', 'a')"]}}]`]],
  ['a condition of a block', [`tasks: [{when: "lookup('file', 'a')", block: []}]`]],
  ['a loop', [`tasks: [{debug: , loop: "{{ lookup('file', 'a').split() }}"}]`]],
  ['a statement', [`tasks: [{debug: {msg: "{% if lookup('file', 'a') %}x{% endif %}"}}]`]],
])('finds a lookup in %s', async (_where, lines) => {
  const found = await readsOf({ 'site.yml': play(...lines), a: '', 'roles/r/tasks/main.yml': '' });
  expect(found).toMatchObject({ names: expect.arrayContaining(['file a']) as unknown, unknown: [] });
});

it.each<[loop: string, files: readonly string[], names: readonly string[]]>([
  [`with_file: [a, b]`, ['a', 'files/b'], ['file a', 'file files/b']],
  [`with_ansible.builtin.file: a`, ['a'], ['file a']],
  [`with_fileglob: "*.pub"`, ['a.pub', 'b'], ['file a.pub']],
  [`with_fileglob: ["{{ playbook_dir }}/sub/*"]`, ['sub/a', 'sub/b/c'], ['file sub/a']],
  [`with_first_found: [{files: [none, a], paths: [one, .]}]`, ['a'], ['file a']],
  [`with_first_found: [none, a]`, ['a'], ['file a']],
  [`with_community.general.filetree: tree/`, ['tree/x/y'], ['file tree/x/y']],
  [`with_dict: {a: 1}`, ['a'], []],
  [`with_nested: [[a], [b]]`, ['a'], []],
])('a loop %s reads what it names, and the item is none more', async (loop, files, names) => {
  const copies = /file|found/.test(loop)
    ? 'copy: {src: "{{ item }}", dest: /}'
    : 'debug: {msg: "{{ item }}"}';
  const site = play(`tasks: [{${copies}, ${loop}}]`);
  expect(await readsOf({ 'site.yml': site, ...empty(files) })).toEqual({ names, unknown: [] });
});

it.each<[yaml: string, unknown: string]>([
  [`debug: {msg: "{{ lookup('file', name) }}"}`, `lookup('file', name)`],
  [`debug: {msg: "{{ lookup('file', 'a' ~ ansible_system) }}"}`, `lookup('file', 'a' ~ ansible_system)`],
  [`debug: {msg: "{{ lookup(kind, 'a') }}"}`, `lookup(kind, 'a')`],
  [`debug: {msg: "{{ lookup('file', 'none') }}"}`, `lookup('file', 'none'): none is not there`],
  [`debug: {msg: "{{ lookup('file', *names) }}"}`, `lookup('file', *names)`],
  [`debug: {msg: "{{ lookup('pipe', 'cat x') }}"}`, `lookup('pipe', 'cat x')`],
  [`debug: {msg: "{{ query('lines', 'cat x') }}"}`, `query('lines', 'cat x')`],
  [`debug: {msg: "{{ lookup('of_our_own', 'x') }}"}`, `lookup('of_our_own', 'x')`],
  [`debug: {msg: "{{ lookup('first_found', files=names) }}"}`, `lookup('first_found', files=names)`],
  [`debug: , with_lines: cat x`, 'with_lines cat x'],
  [`debug: , with_file: "{{ names }}"`, 'with_file {{ names }}'],
  [`debug: , when: "lookup('file', name)"`, `lookup('file', name)`],
])('cannot know what %s reads', async (yaml, unknown) => {
  const found = await readsOf({ 'site.yml': play(`tasks: [{${yaml}}]`) });
  expect(found.unknown).toEqual([`site.yml:2: ${unknown}`]);
});

it('an unsafe text is no template', async () => {
  const site = play(
    `vars: {x: !unsafe "{{ lookup('file', name) }}", y: "{% raw %}{{ lookup('file', name) }}{% endraw %}"}`,
  );
  expect(await readsOf({ 'site.yml': site })).toEqual({ names: [], unknown: [] });
});

const TEMPLATE = `{# {{ lookup('file', unknown) }} #}
{% extends "base.j2" %}
{% include 'part.j2' %}{% include "none.j2" ignore missing %}
{%- import 'macros.j2' as macros with context -%}
{% from "more/macros.j2" import x %}
{{ lookup('file', 'data') }}
`;

it('finds what a template reads: lookups, and templates, and what those read', async () => {
  const found = await readsOf({
    'site.yml': play('tasks: [{template: {src: main.j2, dest: /}}]'),
    'templates/main.j2': TEMPLATE,
    'templates/base.j2': `{% include ['none.j2', 'sub/deep.j2'] %}`,
    'templates/part.j2': `{% include 'main.j2' %}`,
    ...empty(['templates/macros.j2', 'templates/more/macros.j2', 'templates/sub/deep.j2', 'files/data']),
  });
  const templates = ['base', 'macros', 'main', 'more/macros', 'part', 'sub/deep'];
  expect(found).toEqual({
    names: ['file files/data', ...templates.map((name) => `file templates/${name}.j2`)],
    unknown: [],
  });
});

it('finds what a template of a role reads, also outside of it', async () => {
  const found = await readsOf({
    'site.yml': play('roles: [r]'),
    'roles/r/tasks/main.yml': `[{copy: {content: "{{ lookup('template', 'a.j2') }}", dest: /}}]`,
    'roles/r/templates/a.j2': `{{ lookup('file', 'b') }}{{ lookup('file', '../../../c') }}`,
    ...empty(['roles/r/files/b', 'c']),
  });
  expect(found).toEqual({
    names: ['file c', 'role r: files/b', 'role r: tasks/main.yml', 'role r: templates/a.j2'],
    unknown: [],
  });
});

it.each<[template: string, unknown: string]>([
  [`\n{% include name %}`, `templates/a.j2:2: include name`],
  [`{% include 'none.j2' %}`, `templates/a.j2:1: include 'none.j2': is not there`],
  [`\n\n{{ lookup('file', name) }}`, `templates/a.j2:3: lookup('file', name)`],
  [`{% for f in names %}{{ lookup('file', f) }}{% endfor %}`, `templates/a.j2:1: lookup('file', f)`],
  [`{% set f = x %}{{ lookup('file', f) }}`, `templates/a.j2:1: lookup('file', f)`],
])('cannot know what the template %j reads', async (template, unknown) => {
  const site = play('vars: {f: a}', 'tasks: [{template: {src: a.j2, dest: /}}]');
  const found = await readsOf({ 'site.yml': site, 'templates/a.j2': template, a: '' });
  expect(found.unknown).toEqual([unknown]);
});
