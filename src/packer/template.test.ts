import { describe, expect, it } from 'vitest';
import { parseTemplate, readTemplate } from './template.ts';

const messageOf = (text: string): string => {
  try {
    parseTemplate(text, 'packer-config.json');
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : '';
  }
  return 'accepted';
};

describe('reading a template', () => {
  it('accepts sections that it does not know, and keeps them', () => {
    const text = '{"builders": [{"type": "qemu", "x": [1]}], "min_packer_version": "1.5.0"}';
    expect(parseTemplate(text, 'p.json')).toEqual(JSON.parse(text));
  });

  it.each([
    ['a comma too many', '{\n  "builders": [{"type": "qemu"},]\n}', /^packer-config\.json:2:\d+: /],
    ['a missing brace', '{\n "builders": [\n {"type": "qemu"\n]}', /^packer-config\.json:\d+:\d+: /],
    [
      'a comment, which is YAML and not JSON',
      '{\n"builders": [{"type": "qemu"}] # mine\n}',
      /^packer-config\.json:2:\d+: /,
    ],
    ['nothing', '', /^packer-config\.json:1:1: /],
    ['no builders', '{\n  "variables": {}\n}', /builders: .*array/],
    ['an empty list of builders', '{\n  "builders": []\n}', /^packer-config\.json:2:\d+: builders: /],
    [
      'a builder without a type',
      '{\n"builders": [\n{},\n{"type": "qemu"}]}',
      /^packer-config\.json:3:1: builders\.0\.type: .*string/,
    ],
    [
      'a number for a variable',
      '{"builders": [{"type": "q"}],\n"variables": {\n"a": 1}}',
      /^packer-config\.json:3:6: variables\.a: .*string/,
    ],
  ])('names the place of %s', (_reason, text, expected) => {
    expect(messageOf(text)).toMatch(expected);
  });

  it('tells of a template that is not there', async () => {
    await expect(readTemplate('/nowhere/packer-config.json')).rejects.toMatchObject({
      code: 'template-malformed',
    });
  });
});
