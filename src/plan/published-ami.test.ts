import { describe, expect, it } from 'vitest';
import { readSettings } from '../settings/settings.ts';
import { publishedFormat, publishRequestOf } from './published-ami.ts';

function request(encrypt: string): ReturnType<typeof publishRequestOf> {
  const context = { cwd: '/', env: {}, hostCpus: 2, fileExists: () => false };
  const settings = readSettings({ AWS_REGION: 'eu-west-1', AWS_ENCRYPT: encrypt }, context);
  return publishRequestOf(settings, 0);
}

describe('the AMI of a built disk', () => {
  const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd';

  it.each([
    ['false', 'none'],
    ['true', 'default-key'],
    [KEY, { keyArns: [KEY] }],
  ])('with AWS_ENCRYPT=%s is encrypted as %j', (encrypt, encryption) => {
    expect(request(encrypt)).toMatchObject({ region: 'eu-west-1', encryption });
  });

  it.each(['alias/own', KEY.replace('eu-west-1', 'us-east-1')])('cannot be encrypted with %s', (key) => {
    expect(() => request(key)).toThrow(`AWS_ENCRYPT is "${key}", which is not the ARN of a key in eu-west-1`);
  });

  it('is made of the format that is read fastest', () => {
    expect(publishedFormat(['vmdk', 'qcow2'])).toBe('qcow2');
    expect(() => publishedFormat(['ova', 'gce'])).toThrow('FORMATS is ova,gce');
  });
});
