import { expect, it } from 'vitest';
import { play, readsOf } from '../../test/support/ansible-tree.ts';

/** A playbook with these tasks (a YAML list in one line). */
function tasks(list: string, ...lines: readonly string[]): string {
  return play(...lines, `tasks: ${list}`);
}

it.each<[why: string, list: string, files: readonly string[], names: readonly string[]]>([
  ['a file to copy, in files/', '[{copy: {src: a, dest: /}}]', ['files/a', 'a'], ['file files/a']],
  ['one that stands beside the playbook', '[{copy: {src: a, dest: /}}]', ['a', 'templates/a'], ['file a']],
  [
    'one that names its folder',
    '[{copy: {src: files/a, dest: /}}]',
    ['files/a', 'files/files/a'],
    ['file files/a'],
  ],
  ['the short form', '[{copy: src=a dest=/ mode=0644}]', ['a'], ['file a']],
  ['the short form with quotes', `[{copy: "src='a b' dest=/"}]`, ['a b'], ['file a b']],
  ['arguments apart', '[{copy: "", args: {src: a, dest: /}}]', ['a'], ['file a']],
  ['the old form', '[{action: copy src=a dest=/}]', ['a'], ['file a']],
  ['the oldest form', '[{action: {module: copy, args: {src: a}}}]', ['a'], ['file a']],
  [
    'full names',
    '[{ansible.builtin.copy: {src: a}}, {ansible.legacy.copy: {src: b}}]',
    ['a', 'b'],
    ['file a', 'file b'],
  ],
  [
    'a folder to copy',
    '[{copy: {src: conf/, dest: /}}]',
    ['files/conf/x/y', 'files/conf/z'],
    ['file files/conf/x/y', 'file files/conf/z'],
  ],
  [
    'a template',
    '[{template: {src: a.j2, dest: /}}]',
    ['templates/a.j2', 'files/a.j2'],
    ['file templates/a.j2'],
  ],
  ['an archive', '[{unarchive: {src: a.tgz, dest: /}}]', ['files/a.tgz'], ['file files/a.tgz']],
  [
    'pieces to assemble',
    '[{assemble: {src: a, dest: /, remote_src: false}}]',
    ['files/a/1'],
    ['file files/a/1'],
  ],
  [
    'a script and not its arguments',
    `[{script: x.sh b "c d"}, {script: {cmd: y.sh b}}]`,
    ['files/x.sh', 'y.sh', 'b'],
    ['file files/x.sh', 'file y.sh'],
  ],
  ['a script with a space', `[{script: "'x y.sh' b"}]`, ['x y.sh'], ['file x y.sh']],
  [
    'a script with unknown arguments',
    '[{script: "x.sh {{ unknown | map(quote) }}"}]',
    ['x.sh'],
    ['file x.sh'],
  ],
  ['a file that is sent by uri', '[{uri: {url: "http://x", src: a}}]', ['files/a'], ['file files/a']],
  ['synchronize', '[{ansible.posix.synchronize: {src: a, dest: /}}]', ['files/a/b'], ['file files/a/b']],
  [
    'variables',
    '[{include_vars: a.yml}, {include_vars: {file: b.yml}}]',
    ['vars/a.yml', 'b.yml'],
    ['vars file b.yml', 'vars file vars/a.yml'],
  ],
  [
    'a folder of variables',
    '[{include_vars: {dir: more}}]',
    ['more/a.yml', 'more/b/c.yml'],
    ['vars file more/a.yml', 'vars file more/b/c.yml'],
  ],
  ['a path outside', '[{copy: {src: "{{ playbook_dir }}/sub/../a", dest: /}}]', ['a'], ['file a']],
  [
    'the folder of the playbook, joined',
    `[{copy: {src: "{{ playbook_dir ~ '/a' }}", dest: /}}]`,
    ['a'],
    ['file a'],
  ],
  [
    'items of a list',
    '[{copy: {src: "{{ item }}", dest: /}, loop: [a, b]}]',
    ['a', 'b'],
    ['file a', 'file b'],
  ],
  [
    'items of an old list',
    '[{copy: {src: "{{ item }}.x"}, with_items: [a, [b]]}]',
    ['a.x', 'b.x'],
    ['file a.x', 'file b.x'],
  ],
  [
    'fields of items',
    '[{copy: {src: "{{ item.src }}"}, loop: [{src: a}, {src: b}]}]',
    ['a', 'b'],
    ['file a', 'file b'],
  ],
  ['fields by index', `[{copy: {src: "{{ item['src'] }}"}, loop: [{src: a}]}]`, ['a'], ['file a']],
  ['a dictionary', '[{copy: {src: "{{ item.key }}"}, with_dict: {a: 1}}]', ['a'], ['file a']],
  [
    'a dictionary made a list',
    `[{copy: {src: "{{ item.value }}"}, loop: "{{ d | dict2items }}", vars: {d: {x: a}}}]`,
    ['a'],
    ['file a'],
  ],
  [
    'another loop variable',
    '[{copy: {src: "{{ f }}"}, loop: [a], loop_control: {loop_var: f}}]',
    ['a'],
    ['file a'],
  ],
  ['one of two', `[{copy: {src: "{{ 'a' if x == 1 else 'b' }}"}}]`, ['a', 'b'], ['file a', 'file b']],
  ['a default', `[{copy: {src: "{{ x | default('a') }}"}}]`, ['a'], ['file a']],
  [
    'what a variable of the task says',
    '[{copy: {src: "{{ x }}.conf"}, vars: {x: a}}]',
    ['a.conf'],
    ['file a.conf'],
  ],
  [
    'all that a fact may say',
    '[{set_fact: {x: a}}, {set_fact: x=b}, {copy: {src: "{{ x }}"}}]',
    ['a', 'b'],
    ['file a', 'file b'],
  ],
  [
    'a variable that is handed on',
    '[{include_tasks: t.yml, vars: {x: "{{ x | default(1) }}"}}, {copy: {src: "{{ x }}"}, vars: {x: a}}]',
    ['a', 't.yml'],
    ['file a', 'tasks t.yml'],
  ],
  [
    'files, in blocks',
    '[{block: [{copy: {src: a}}], rescue: [{block: [{copy: {src: b}}]}], always: [{copy: {src: c}}]}]',
    ['a', 'b', 'c'],
    ['file a', 'file b', 'file c'],
  ],
  [
    'included tasks',
    '[{include_tasks: a.yml}, {import_tasks: sub/b.yml}, {include_tasks: {file: c.yml}}]',
    ['a.yml', 'sub/b.yml', 'c.yml'],
    ['tasks a.yml', 'tasks c.yml', 'tasks sub/b.yml'],
  ],
  [
    'included tasks by items',
    '[{include_tasks: "{{ item }}.yml", loop: [a, b]}]',
    ['a.yml', 'b.yml'],
    ['tasks a.yml', 'tasks b.yml'],
  ],
])('counts %s', async (_why, list, files, names) => {
  const empty = Object.fromEntries(files.map((name) => [name, '']));
  expect(await readsOf({ 'site.yml': tasks(list), ...empty })).toEqual({ names, unknown: [] });
});

it.each<[why: string, list: string]>([
  [
    'a file of the guest',
    '[{copy: {src: /etc/hosts, dest: /, remote_src: true}}, {unarchive: src=/x dest=/ remote_src=yes}]',
  ],
  ['an archive that is not copied', '[{unarchive: {src: /etc/hosts, dest: /, copy: no}}]'],
  ['pieces in the guest, which is the default', '[{assemble: {src: /etc, dest: /}}]'],
  ['what is fetched', '[{ansible.posix.synchronize: {src: /etc, dest: /, mode: pull}}]'],
  ['content', '[{copy: {content: a, dest: /}}]'],
  [
    'an address',
    '[{unarchive: {src: "https://x/y.tgz", dest: /}}, {copy: {src: "{{ x }}"}, vars: {x: "http://a"}}]',
  ],
  ['nothing at all', '[{copy: {src: "", dest: /}}, {copy: {src: "{{ omit }}"}}]'],
  ['source paths of modules that stay in the guest', '[{file: {src: site.yml, dest: /x, state: link}}]'],
  ['a condition about files', '[{assert: {that: x is file}, when: y is exists}]'],
])('does not count %s', async (_why, list) => {
  expect(await readsOf({ 'site.yml': tasks(list) })).toEqual({ names: [], unknown: [] });
});

it.each<[why: string, list: string, unknown: string]>([
  [
    'a file named by a fact',
    '[{copy: {src: "{{ ansible_system }}.conf"}}]',
    'copy src {{ ansible_system }}.conf',
  ],
  [
    'a file named by a result',
    '[{command: x, register: r}, {copy: {src: "{{ r.stdout }}"}}]',
    'copy src {{ r.stdout }}',
  ],
  ['a variable that nobody defines', '[{template: {src: "{{ x }}"}}]', 'template src {{ x }}'],
  [
    'a variable that an encrypted value is',
    '[{copy: {src: "{{ x }}"}, vars: {x: !vault abc}}]',
    'copy src {{ x }}',
  ],
  ['a name that statements make', '[{script: "{% if x %}a{% endif %}"}]', 'script {% if x %}a{% endif %}'],
  [
    'arithmetic',
    `[{copy: {src: "{{ x | regex_replace('a', 'b') }}"}, vars: {x: a}}]`,
    `copy src {{ x | regex_replace('a', 'b') }}`,
  ],
  [
    'a list that is worked out',
    '[{copy: {src: "{{ item }}"}, loop: "{{ x | select }}"}]',
    'copy src {{ item }}',
  ],
  [
    'included tasks named by a fact',
    '[{include_tasks: "{{ ansible_os_family }}.yml"}]',
    'include_tasks {{ ansible_os_family }}.yml',
  ],
  [
    'included tasks that are not there',
    '[{include_tasks: none.yml}]',
    'include_tasks none.yml: none.yml is not there',
  ],
  [
    'variables named by a fact',
    '[{include_vars: "{{ ansible_os_family }}.yml"}]',
    'include_vars {{ ansible_os_family }}.yml',
  ],
  [
    'a file that is not there yet',
    '[{copy: {src: made/by/then}}]',
    'copy src made/by/then: made/by/then is not there',
  ],
  ['arguments that are a variable', '[{copy: "{{ x }}"}]', 'copy src {{ x }}'],
  ['a command on the controller', '[{command: make, delegate_to: localhost}]', 'command on the controller'],
  [
    'a command on the controller, in the old form',
    '[{local_action: shell cat x}]',
    'shell on the controller',
  ],
  [
    'a command on the controller, in a block',
    '[{connection: local, block: [{ansible.builtin.raw: x}]}]',
    'raw on the controller',
  ],
])('cannot know %s', async (_why, list, unknown) => {
  expect((await readsOf({ 'site.yml': tasks(list) })).unknown).toEqual([`site.yml:2: ${unknown}`]);
});

it('runs the tasks of a play for localhost on the controller, but not the ones that go elsewhere', async () => {
  const list = '[{command: a}, {command: b, delegate_to: guest}]';
  const found = await readsOf({ 'site.yml': `- hosts: localhost\n  tasks: ${list}` });
  expect(found.unknown).toEqual(['site.yml:2: command on the controller']);
});
