import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takesSourceAmi } from './source-variables.ts';
import { readTemplate } from './template.ts';

describe('whether a template takes its source AMI from the variables', () => {
  it("is so for the program's own", async () => {
    const own = join(import.meta.dirname, '../../packer-config.json');
    expect(takesSourceAmi(await readTemplate(own))).toBe(true);
  });

  it.each([
    ['{{user `aws_source_ami`}}', true],
    ['ami-0123456789abcdef0', false],
    ['{{user `my_source`}}', false],
  ])('with source_ami %s: %s', (source_ami, isSo) => {
    const builders = [{ type: 'amazon-ebs', source_ami }];
    // That a variable is declared does not mean that it is used.
    expect(takesSourceAmi({ variables: { aws_source_ami: '' }, builders })).toBe(isSo);
  });
});
