import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isTemplate, type Piece, piecesOf, tokensOf } from './jinja-tokens.ts';

/** `text:…`, `expression:…` or `statement:…`, and the words of the latter two. */
function shown({ kind, text, tokens }: Piece): string {
  return kind === 'text' ? `text:${text}` : `${kind}:${tokens.map((token) => token.text).join(' ')}`;
}

it.each<[template: string, pieces: readonly string[]]>([
  ['', []],
  ['plain', ['text:plain']],
  ['a{{ b }}c', ['text:a', 'expression:b', 'text:c']],
  ['{{ a }}{% if b %}', ['expression:a', 'statement:if b']],
  ['{{- a -}}', ['expression:a']],
  ['{%+ if a -%}', ['statement:if a']],
  [`{{ '}}' ~ "{{ \\" }}" }}`, ['expression:}} ~ {{ " }}']],
  [`{{ {'a': {'b': 1}} }}`, ['expression:{ a : { b : 1 } }']],
  ['a{# {{ b }} #}c', ['text:a', 'text:c']],
  ['{% raw %}{{ a }}{% endraw %}{{ b }}', ['text:{{ a }}', 'expression:b']],
  ['{{ open', ['expression:open']],
  ['{# open {{ a }}', []],
  ['{% raw %}{{ open', ['text:{{ open']],
  ["{{ 'a\\nb' }}", ['expression:a\nb']],
])('takes %j apart', (template, pieces) => {
  expect(piecesOf(template).map(shown)).toEqual(pieces);
});

it('knows the line of each piece', () => {
  const pieces = piecesOf('a\n{{ b }}\n\n{# c\n #}{% d %}{% raw %}\n{% endraw %}{{ e }}');
  expect(pieces.filter(({ kind }) => kind !== 'text').map(({ line, text }) => [line, text.trim()])).toEqual([
    [1, 'b'],
    [4, 'd'],
    [5, 'e'],
  ]);
});

it.each<[expression: string, tokens: readonly string[]]>([
  [
    `a.b|c(1.5,'x')`,
    [
      'name a',
      'operator .',
      'name b',
      'operator |',
      'name c',
      'operator (',
      'number 1.5',
      'operator ,',
      'string x',
      'operator )',
    ],
  ],
  [
    'a // 2 ** b >= 1',
    ['name a', 'operator //', 'number 2', 'operator **', 'name b', 'operator >=', 'number 1'],
  ],
  [`'open`, ["operator '", 'name open']],
])('reads the words of %s', (expression, tokens) => {
  expect(tokensOf(expression).map(({ kind, text }) => `${kind} ${text}`)).toEqual(tokens);
});

const fragment = fc.constantFrom(
  '{{',
  '}}',
  '{%',
  '%}',
  '{#',
  '#}',
  "'",
  '"',
  '\\',
  '(',
  ')',
  '{',
  '}',
  ' raw ',
  ' endraw ',
  '\n',
  'a',
  '-',
);
const anyTemplate = fc.array(fragment, { maxLength: 30 }).map((parts) => parts.join(''));

it('comes to an end on any text, and loses nothing of a text that is no template', () => {
  fc.assert(
    fc.property(anyTemplate, (text) => {
      const pieces = piecesOf(text);
      if (!isTemplate(text)) expect(pieces.map((piece) => piece.text).join('')).toBe(text);
      for (const { line } of pieces) expect(line).toBeLessThanOrEqual(text.split('\n').length - 1);
    }),
  );
});

it('a quoted string means itself, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii' }), (value) => {
      const quoted = `'${value.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;
      expect(piecesOf(`x{{ ${quoted} }}y`).map(({ tokens }) => tokens)).toEqual([
        [],
        [{ kind: 'string', text: value }],
        [],
      ]);
    }),
  );
});
