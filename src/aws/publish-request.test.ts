import { describe, expect, it } from 'vitest';
import { BuilderErrors } from '../errors.ts';
import { keyFor, type PublishOptions, readPublishRequest, requireAmiName } from './publish-request.ts';

const NOW_MS = Date.parse('2026-11-26T00:00:00Z');
const WEST = 'arn:aws:kms:us-west-2:111122223333:key/1234-abcd';
const EAST = 'arn:aws:kms:us-east-1:111122223333:key/mrk-1234';

function read(options: PublishOptions, region = 'us-west-2'): ReturnType<typeof readPublishRequest> {
  return readPublishRequest(options, region, NOW_MS);
}

function problemsOf(options: PublishOptions, region?: string): string[] {
  try {
    read(options, region);
  } catch (thrown) {
    if (thrown instanceof BuilderErrors) return thrown.problems.map(({ message }) => message);
    throw thrown;
  }
  return [];
}

describe('readPublishRequest', () => {
  it('reads lists, dates and keys', () => {
    const request = read({
      copyTo: 'us-east-1, us-east-1,us-west-2',
      share: '999988887777',
      kmsKey: `${WEST},${EAST}`,
      deprecateAt: '2028-12-31',
      bootMode: 'uefi',
      verify: true,
    });
    expect(request).toMatchObject({
      copyTo: ['us-east-1'],
      share: ['999988887777'],
      bootMode: 'uefi',
      deprecateAt: new Date('2028-12-31'),
      verify: true,
      dryRun: false,
    });
    expect([keyFor(request, 'us-west-2'), keyFor(request, 'us-east-1')]).toEqual([WEST, EAST]);
  });

  it.each<[PublishOptions, string]>([
    [{ copyTo: 'mars' }, '"mars" is not a region\'s name'],
    [{ share: 'me' }, '--share "me" is not an account'],
    [{ encrypt: true, share: '999988887777' }, 'what is encrypted with the default key cannot be shared'],
    [{ kmsKey: WEST, copyTo: 'us-east-1' }, '--kms-key names no key of us-east-1'],
    [{ bootMode: 'floppy' }, '--boot-mode is "floppy"'],
    [{ deprecateAt: 'soon' }, '--deprecate-at is "soon"'],
    [{ deprecateAt: '2020-01-01' }, '--deprecate-at is "2020-01-01"'],
    [{ deprecateAt: '2099-01-01' }, '--deprecate-at is "2099-01-01"'],
  ])('refuses %o', (options, message) => {
    expect(problemsOf(options)).toEqual([message]);
  });

  it('tells all that is wrong at once', () => {
    expect(problemsOf({ kmsKey: 'alias/x', bootMode: '' }, 'here')).toHaveLength(4);
  });
});

describe('requireAmiName', () => {
  it.each(['abc', "a (1) [2]. /-'@_", 'x'.repeat(128)])('takes %s', (name) => {
    expect(requireAmiName(name)).toBe(name);
  });

  it.each(['ab', 'x'.repeat(129), 'a*b', 'naïve'])('refuses %s', (name) => {
    expect(() => requireAmiName(name)).toThrow(/cannot be the name of an AMI/);
  });
});
