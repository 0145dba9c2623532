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
    ['qemu asked: credentials do not matter', ['qemu'], 'profile x', ['qemu'], /BUILD_TYPE/],
    ["Packer's AMI alone", ['amazon-ebs'], 'AWS_ACCESS_KEY', ['amazon-ebs'], /AWS_ACCESS_KEY/],
    ['an AMI of the disk: with the images', ['ami'], 'profile x', ['qemu', 'ami'], /profile x/],
    ['all three', ['ami', 'amazon-ebs'], 'profile x', ['qemu', 'amazon-ebs', 'ami'], /profile x/],
  ] as const)('%s', (_reason, asked, credentials, types, why) => {
    const choice = chooseBuildTypes(asked, credentials);
    expect(choice.types).toEqual(types);
    expect(choice.why).toMatch(why);
  });

  it.each(['amazon-ebs', 'ami'] as const)('are an error when %s is asked for without credentials', (type) => {
    expect(() => chooseBuildTypes([type], undefined)).toThrow(
      expect.objectContaining({ code: 'credentials-missing' }) as Error,
    );
  });
});
