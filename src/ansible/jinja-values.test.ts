import fc from 'fast-check';
import { expect, it } from 'vitest';
import { candidatesOf, type Scope } from './jinja-values.ts';
import { entry, itemsOf, map, type Node, parseYaml, scalar, textOf } from './yaml-nodes.ts';

/** Two values for `two`, one for the others; `fact` cannot be known. */
const [VARIABLES] = parseYaml(`
name: value
number: 10
path: /a/b.txt
list: [one, "{{ name }}"]
map: {key: "{{ list[0] }}", deep: {er: down}}
indirect: "{{ name }}"
loud: SHOUTED
`);
const SCOPE: Scope = {
  valuesOf: (name) => {
    if (name === 'two') return [scalar('one'), scalar('other')];
    const value = entry(VARIABLES, name);
    return value === undefined ? undefined : [value];
  },
  isUndefined: (name) => name === 'nowhere',
  environment: (name) => (name === 'HOME' ? '/home/me' : ''),
};

/** A value as JSON would show it. */
function plain(node: Node): unknown {
  if (node.kind === 'scalar') return textOf(node) ?? null;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value)]));
}

it.each<[template: string, values: readonly unknown[]]>([
  ['plain', ['plain']],
  ['{{ name }}', ['value']],
  ['a {{ name }} b', ['a value b']],
  ['{{ indirect }}/{{ number }}', ['value/10']],
  ['{{ two }}', ['one', 'other']],
  ['{{ two }}{{ two }}', ['oneone', 'oneother', 'otherone', 'otherother']],
  ["{{ 'a' ~ name + 'b' }}", ['avalueb']],
  ["{{ ('a' ~ name) }}", ['avalue']],
  ['{{ list }}', [['one', '{{ name }}']]],
  ['{{ list[1] }}', ['value']],
  ['{{ list[-1] }}', ['value']],
  ['{{ list.9 }}', []],
  ['{{ list + [name] }}', [['one', '{{ name }}', 'value']]],
  ['{{ map.key }}', ['one']],
  ["{{ map['deep'].er }}", ['down']],
  ['{{ map.none }}', []],
  ["{{ {'a': name} }}", [{ a: 'value' }]],
  ["{{ [name, 'x'] }}", [['value', 'x']]],
  ["{{ nowhere | default('x') }}", ['x']],
  ["{{ name | d('x') }}", ['value', 'x']],
  ['{{ path | basename }}', ['b.txt']],
  ['{{ path | dirname | ansible.builtin.basename }}', ['a']],
  ['{{ loud | lower | upper | trim | string | mandatory }}', ['SHOUTED']],
  ['{{ list | first }}', ['one', 'value']],
  ['{{ list | list }}', [['one', '{{ name }}']]],
  ['{{ map.deep | dict2items }}', [[{ key: 'er', value: 'down' }]]],
  ["{{ 'a' if name == 'value' and list | length > 0 else two }}", ['a', 'one', 'other']],
  ["{{ lookup('env', 'HOME') }}/x", ['/home/me/x']],
  ["{{ lookup('ansible.builtin.vars', 'name') }}", ['value']],
  ["{{ lookup('first_found', fact) }}", []],
  ['{{ none }}', [null]],
  ['{{ true }}', ['True']],
  ['{{ 1 }}', ['1']],
])('%s may be %j', (template, values) => {
  expect(candidatesOf(scalar(template), SCOPE)?.map(plain)).toEqual(values);
});

it.each([
  '{{ fact }}',
  'a{{ fact }}',
  '{{ fact | default(name) }}',
  '{{ nowhere }}',
  '{{ nowhere | default(fact) }}',
  "{{ 'a' if x else fact }}",
  '{{ [name, fact] }}',
  "{{ {'a': fact} }}",
  '{{ {fact: 1} }}',
  '{{ map[fact] }}',
  '{{ list | join }}',
  '{{ path | splitext | first }}',
  '{{ name.split() }}',
  '{{ range(3) }}',
  '{{ not name }}',
  '{{ number * 2 }}',
  '{{ name is defined }}',
  '{{ (name, name) }}',
  '{{ -number }}',
  '{{ list }}x',
  '{% if name %}a{% endif %}',
  "{{ lookup('file', 'a') }}",
  '{{ lookup(fact, name) }}',
  '{{ }}',
])('%s cannot be known', (template) => {
  expect(candidatesOf(scalar(template), SCOPE)).toBeUndefined();
});

it('what has too many values is as good as unknown', () => {
  expect(candidatesOf(scalar('{{ two }}'.repeat(7)), SCOPE)).toHaveLength(128);
  expect(candidatesOf(scalar('{{ two }}'.repeat(8)), SCOPE)).toBeUndefined();
});

it('secrets cannot be known, and unsafe texts are no templates', () => {
  expect(candidatesOf({ ...scalar('{{ name }}'), tag: 'vault' }, SCOPE)).toBeUndefined();
  expect(candidatesOf({ ...scalar('{{ name }}'), tag: 'unsafe' }, SCOPE)?.map(plain)).toEqual(['{{ name }}']);
});

const word = fc.constantFrom('a', 'b.c', 'd/e', "it's", '{{', '');
const joinedTexts = fc.array(word, { minLength: 1, maxLength: 6 });

it('literals that are joined, by any operator or by standing side by side, are one text', () => {
  fc.assert(
    fc.property(joinedTexts, fc.constantFrom(' ~ ', ' + ', ' }}{{ '), (words, operator) => {
      const template = `{{ ${words.map((text) => JSON.stringify(text)).join(operator)} }}`;
      expect(candidatesOf(scalar(template), SCOPE)?.map(plain)).toEqual([words.join('')]);
    }),
  );
});

const key = fc.constantFrom('a', 'b', 'c');

it('a path of keys leads to what is there', () => {
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.array(fc.boolean()), (keys, isDotted) => {
      const value = keys.reduceRight<Node>((inner, each) => map([[each, inner]]), scalar('found'));
      const scope = { ...SCOPE, valuesOf: () => [value] };
      const steps = keys.map((each, index) => (isDotted[index] === true ? `.${each}` : `['${each}']`));
      expect(
        candidatesOf(scalar(`{{ x${steps.join('')} }}`), scope)
          ?.flatMap(itemsOf)
          .map(plain),
      ).toEqual(['found']);
    }),
  );
});
