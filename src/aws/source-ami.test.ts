import { describe, expect, it } from 'vitest';
import { AMI_FAMILIES } from '../settings/aws.ts';
import { AMI_PUBLISHERS, amiUserOf } from './source-ami.ts';

describe('the sources of AMIs', () => {
  it('are those that the settings name, each of an account of 12 digits', () => {
    expect(Object.keys(AMI_PUBLISHERS).sort()).toEqual([...AMI_FAMILIES].sort());
    for (const { owner } of Object.values(AMI_PUBLISHERS)) expect(owner).toMatch(/^\d{12}$/);
  });

  it("let in the family's user, which on EC2 is another one for Debian", () => {
    expect(
      ['flatcar', 'fedora-coreos', 'debian', 'ubuntu'].map((name) => amiUserOf(name as 'debian')),
    ).toEqual([...['core', 'core', 'admin', 'ubuntu']]);
  });
});
