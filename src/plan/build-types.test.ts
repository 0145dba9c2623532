import { describe, expect, it } from 'vitest';
import { chooseBuildTypes } from './build-types.ts';

describe('the build types', () => {
  it.each([
    [
      'nothing asked, no credentials: local images, and why',
      undefined,
      undefined,
      ['qemu'],
      /no AWS credentials/,
    ],
    [
      'nothing asked, credentials: both, as the original',
      undefined,
      'profile x',
      ['qemu', 'amazon-ebs'],
      /profile x/,
    ],
    ['qemu asked: credentials do not matter', 'qemu', 'profile x', ['qemu'], /BUILD_TYPE/],
    ['the AMI alone', 'amazon-ebs', 'AWS_ACCESS_KEY', ['amazon-ebs'], /AWS_ACCESS_KEY/],
  ] as const)('%s', (_reason, asked, credentials, types, why) => {
    const choice = chooseBuildTypes(asked, credentials);
    expect(choice.types).toEqual(types);
    expect(choice.why).toMatch(why);
  });

  it('are an error when the AMI was asked for without credentials', () => {
    expect(() => chooseBuildTypes('amazon-ebs', undefined)).toThrow(
      expect.objectContaining({ code: 'credentials-missing' }) as Error,
    );
  });
});
