import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolveText, resolveValue, templateValues, variablesIn } from './template-values.ts';

const CONTEXT = { env: { HOME: '/home/u' }, templateFolder: '/t' };
const values = (variables: Record<string, string>, given: Record<string, string> = {}) =>
  templateValues({ variables, builders: [{ type: 'qemu' }] }, given, CONTEXT);

describe('the variables of a template', () => {
  it('have the given value, or the default with environment and folder filled in', () => {
    const { variables } = values(
      { home: '{{env `HOME`}}/x', none: '{{env "NONE"}}', dir: '{{ template_dir }}/a', size: '1' },
      { size: '2' },
    );
    expect(variables).toEqual({ home: '/home/u/x', none: '', dir: '/t/a', size: '2' });
  });

  it('keep what only Packer can know', () => {
    expect(values({ name: 'x-{{timestamp}}-{{isotime "2006"}}' }).variables['name']).toBe(
      'x-{{timestamp}}-{{isotime "2006"}}',
    );
  });

  it('are filled in wherever they stand', () => {
    const all = values({ a: '1', b: '{{x}}' });
    expect(resolveText('{{user `a`}}{{ user "a" }}{{user `gone`}}', all)).toBe('11{{user `gone`}}');
    expect(resolveValue({ k: ['{{user `a`}}', 3, null], l: { m: '{{user `b`}}' } }, all)).toEqual({
      k: ['1', 3, null],
      l: { m: '{{x}}' },
    });
  });

  it('are found in any part of a template, each once', () => {
    const part = { inline: ['echo {{user `a`}} "{{user "b"}}"', '{{user `a`}}'], n: { o: '{{ user `c` }}' } };
    expect(variablesIn(part)).toEqual(['a', 'b', 'c']);
  });

  it('leave a text without braces as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{'));
        expect(resolveText(text, values({}))).toBe(text);
      }),
    );
  });
});
