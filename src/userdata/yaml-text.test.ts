import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlText } from './yaml-text.ts';

describe('yamlText', () => {
  it('gives any text back, and is printable ASCII', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (odd, usual) => {
        const value = { key: [odd, usual], file: { content: `${usual}\n${odd}\n` } };
        const text = yamlText(value);
        expect(text).toMatch(/^[\n\x20-\x7e]*$/);
        expect(parse(text, { version: '1.1' })).toEqual(value);
      }),
      {
        numRuns: 100,
        examples: [
          ['', ' '],
          ['', '\n '],
          ['a', ' b'],
        ],
      },
    );
  });

  it.each([
    'off',
    'no',
    'Yes',
    '0644',
    '1_000',
    '12:30:45',
    '~',
    '2020-01-01',
  ])('quotes %s, which YAML 1.1 would take for something else than text', (text) => {
    expect(yamlText([text])).toBe(`- "${text}"\n`);
  });

  it('does not fold long lines', () => {
    const long = 'word '.repeat(100).trim();
    expect(yamlText([long])).toBe(`- ${long}\n`);
  });
});
