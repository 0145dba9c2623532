import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  entry,
  itemsOf,
  list,
  map,
  type Node,
  parseYaml,
  scalar,
  textOf,
  YamlProblem,
} from './yaml-nodes.ts';

function plain(node: Node): unknown {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(plain);
  return Object.fromEntries([...node.entries].map(([key, value]) => [key, plain(value)]));
}

it.each<[text: string, documents: readonly unknown[]]>([
  ['', []],
  ['---\n# nothing\n', []],
  ['a', ['a']],
  ['a: 1\n---\n- b', [{ a: '1' }, ['b']]],
  ['a: 0644\nb: yes\nc: 1.50\nd: 2001-01-01', [{ a: '0644', b: 'yes', c: '1.50', d: '2001-01-01' }]],
  ['[~, null, "null", "", ]', [[null, null, 'null', '']]],
  ['a:\nb: ""', [{ a: null, b: '' }]],
  ['a: 1\na: 2', [{ a: '2' }]],
  [
    'a: !vault |\n  $ANSIBLE\nb: !unsafe "{{ x }}"\nc: !own [1]',
    [{ a: '$ANSIBLE\n', b: '{{ x }}', c: ['1'] }],
  ],
  ['a: &x {b: 1}\nc: *x', [{ a: { b: '1' }, c: { b: '1' } }]],
  ['a: &x {b: 1, c: 2}\nd: {<<: *x, b: 3}', [{ a: { b: '1', c: '2' }, d: { b: '3', c: '2' } }]],
  ['<<: [{a: 1}, {a: 2, b: 3}]', [{ a: '1', b: '3' }]],
  ['a: &x\n  b: *x', [{ a: { b: null } }]],
  ['{1: a, [x]: b}', [{ 1: 'a', '["x"]': 'b' }]],
])('reads %j', (text, documents) => {
  expect(parseYaml(text).map(plain)).toEqual(documents);
});

it('knows where things stand', () => {
  const [document] = parseYaml('# first\n- a: 1\n  b: |\n    two\n    lines\n\n# last\n- c');
  expect(itemsOf(document).map(({ line, lastLine }) => [line, lastLine])).toEqual([
    [2, 5],
    [8, 8],
  ]);
  expect(entry(itemsOf(document)[0], 'b')?.line).toBe(3);
});

it.each<[text: string, line: number]>([
  ['a: [1', 1],
  ['a: 1\nb: "open', 2],
  ['a: 1\n- b', 2],
  ['ok: 1\n---\na: *none', 3],
])('says where %j is not YAML', (text, line) => {
  expect(() => parseYaml(text)).toThrow(
    expect.objectContaining({ name: 'YamlProblem', line }) as YamlProblem,
  );
});

it('takes values as they are needed', () => {
  expect(textOf(scalar('a'))).toBe('a');
  expect([textOf(scalar(null)), textOf(list([])), textOf(undefined)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(textOf({ ...scalar('secret'), tag: 'vault' })).toBeUndefined();
  expect(itemsOf(list([scalar('a')]))).toHaveLength(1);
  expect(itemsOf(map([]))).toHaveLength(1);
  expect([...itemsOf(undefined), ...itemsOf(scalar(null))]).toEqual([]);
});

const text = fc.string({ unit: 'grapheme', minLength: 1 });
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie('any'), { maxKeys: 3 }),
  ),
})).any;

it('reads back whatever is written', () => {
  fc.assert(
    fc.property(value, (written) => {
      const [read] = parseYaml(stringify(written, { version: '1.1', defaultStringType: 'QUOTE_DOUBLE' }));
      expect(read === undefined ? undefined : plain(read)).toEqual(written);
    }),
  );
});
