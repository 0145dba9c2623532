import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BuilderErrors } from '../errors.ts';
import { redact } from '../system/secrets.ts';
import { readSettings } from './settings.ts';
import { parseSizeBytes } from './size.ts';
import { collectVariables, flagOf, VARIABLES, type VariableValues } from './variables.ts';

const read = (values: VariableValues = {}, env: NodeJS.ProcessEnv = {}, files: readonly string[] = []) =>
  readSettings(values, { cwd: '/home/u', env, hostCpus: 8, fileExists: (path) => files.includes(path) });

function problemsOf(values: VariableValues, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    read(values, env);
  } catch (thrown) {
    if (thrown instanceof BuilderErrors) return thrown.problems.map(({ message }) => message);
    throw thrown;
  }
  return [];
}

describe('settings', () => {
  it('have defaults for everything', () => {
    expect(read()).toMatchObject({
      imagePath: '/home/u/images',
      imageName: 'coreos-stable',
      keys: { privateKey: undefined, publicKey: undefined, folder: '/home/u/secrets' },
      buildTypes: undefined,
      payload: { kind: 'auto' },
      accelerator: 'auto',
      memoryBytes: 2048 * 1024 ** 2,
      cpus: 4,
      aws: { region: 'us-west-2', credentials: undefined },
    });
  });

  it('take paths from where the user stands, and addresses as they are', () => {
    const settings = read({
      IMAGE_PATH: 'out',
      BASE_IMAGE: 'https://example.org/a.img',
      DCOS_INSTALLER: '../dcos.sh',
      PAYLOAD: 'site.yml',
    });
    expect(settings.imagePath).toBe('/home/u/out');
    expect(settings.base.location).toBe('https://example.org/a.img');
    expect(settings.dcosInstaller?.location).toBe('/home/dcos.sh');
    expect(settings.payload).toEqual({ kind: 'playbook', path: '/home/u/site.yml' });
  });

  it('take one build type, or several with commas', () => {
    expect(read({ BUILD_TYPE: 'ami' }).buildTypes).toEqual(['ami']);
    expect(read({ BUILD_TYPE: 'qemu, amazon-ebs' }).buildTypes).toEqual(['qemu', 'amazon-ebs']);
    expect(problemsOf({ BUILD_TYPE: 'qemu,' })).toEqual([
      expect.stringContaining('BUILD_TYPE is "qemu,", which is not one of qemu, amazon-ebs, ami, or several'),
    ]);
  });

  it('take a Python archive by path together with its digest', () => {
    const settings = read({ PYTHON_ARCHIVE: 'p.tar', PYTHON_ARCHIVE_SHA256: 'AB'.repeat(32) });
    expect(settings.pythonArchive).toEqual({ location: '/home/u/p.tar', sha256: 'ab'.repeat(32) });
  });

  it('take a key that signs, by its id or its file', () => {
    expect(read().signing).toBeUndefined();
    expect(read({ SIGNING_KEY: 'gpg:builds@example.org' }).signing).toEqual({
      key: { kind: 'gpg', id: 'builds@example.org' },
      passwordFile: undefined,
    });
    expect(read({ SIGNING_KEY: 'minisign:keys/a b', SIGNING_PASSWORD_FILE: '/p' }).signing).toEqual({
      key: { kind: 'minisign', path: '/home/u/keys/a b' },
      passwordFile: '/p',
    });
  });

  it.each<[string, VariableValues, RegExp]>([
    ['an unknown build type', { BUILD_TYPE: 'vmware' }, /BUILD_TYPE is "vmware", .*qemu, amazon-ebs/],
    [
      'a signing key without its kind',
      { SIGNING_KEY: '~/minisign.key' },
      /SIGNING_KEY is "~\/minisign.key", .*gpg:KEYID/,
    ],
    [
      'a signing key of another kind',
      { SIGNING_KEY: 'ssh:key' },
      /SIGNING_KEY is "ssh:key", which is not gpg:/,
    ],
    ['a signing key without a name', { SIGNING_KEY: 'gpg: ' }, /SIGNING_KEY is "gpg: "/],
    [
      'a password for no key',
      { SIGNING_PASSWORD_FILE: 'p' },
      /SIGNING_PASSWORD_FILE is set, but SIGNING_KEY is not/,
    ],
    ['an unknown payload', { PAYLOAD: 'kubernetes' }, /PAYLOAD is "kubernetes", .*dcos, container-host/],
    ['an unknown accelerator', { ACCELERATOR: 'fast' }, /ACCELERATOR is "fast", .*auto, kvm, tcg/],
    ['an unknown family', { BASE_FAMILY: 'arch' }, /BASE_FAMILY is "arch"/],
    ['a name with a slash', { IMAGE_NAME: 'a/b' }, /IMAGE_NAME is "a\/b"/],
    ['a name like a flag', { IMAGE_NAME: '-rf' }, /IMAGE_NAME is "-rf"/],
    ['a size that is none', { DISK_SIZE: 'large' }, /DISK_SIZE is "large".*such as/],
    ['too little memory', { MEMORY: '64M' }, /MEMORY is "64M".*256M/],
    ['a time that no timer knows', { SSH_TIMEOUT: '99999h' }, /SSH_TIMEOUT is "99999h".*24h at most/],
    ['a time without a unit', { SSH_TIMEOUT: '90' }, /SSH_TIMEOUT is "90".*90s/],
    ['a path that is a template', { TEMPLATE: '/a/{{x}}' }, /TEMPLATE is "\/a\/{{x}}", .*without {{/],
    ['a path of two lines', { TEMPLATE: '/a\nb{{' }, /TEMPLATE is "\/a\\nb{{", .*line ends/],
    ['no processor', { CPUS: '0' }, /CPUS is "0"/],
    ['another protocol', { BASE_IMAGE: 'ftp://example.org/a' }, /BASE_IMAGE is "ftp:/],
    [
      'a short digest',
      { DCOS_INSTALLER: 'x', DCOS_INSTALLER_SHA256: 'abc' },
      /DCOS_INSTALLER_SHA256 is "abc"/,
    ],
    [
      'an address without digest',
      { DCOS_INSTALLER: 'https://x.org/d.sh' },
      /DCOS_INSTALLER_SHA256 is missing/,
    ],
    [
      'an archive without digest',
      { PYTHON_ARCHIVE: 'p.tar' },
      /PYTHON_ARCHIVE is set, but \w+_SHA256 is not/,
    ],
    [
      'a digest without archive',
      { PYTHON_ARCHIVE_SHA256: 'a'.repeat(64) },
      /PYTHON_ARCHIVE_SHA256 is set, but PYTHON_ARCHIVE is not/,
    ],
    [
      'an archive with a short digest',
      { PYTHON_ARCHIVE: 'p.tar', PYTHON_ARCHIVE_SHA256: 'abc' },
      /PYTHON_ARCHIVE_SHA256 is "abc"/,
    ],
    ['a region that is none', { AWS_REGION: 'Oregon' }, /AWS_REGION is "Oregon"/],
    ['a source of no form', { AWS_SOURCE_AMI: 'suse' }, /AWS_SOURCE_AMI is "suse", .*flatcar/],
    ['a subnet of no form', { AWS_SUBNET: 'mine' }, /AWS_SUBNET is "mine"/],
    ['a user of no form', { AWS_SSH_USERNAME: 'a b' }, /AWS_SSH_USERNAME is "a b"/],
    ['a key of no form', { AWS_ENCRYPT: 'my key' }, /AWS_ENCRYPT is "my key"/],
    [
      'half of the credentials',
      { AWS_ACCESS_KEY: 'AKIDEXAMPLE' },
      /AWS_ACCESS_KEY is set, but AWS_SECRET_KEY is not/,
    ],
  ])('refuse %s', (_reason, values, message) => {
    expect(problemsOf(values)).toEqual([expect.stringMatching(message)]);
  });

  it('tell all problems at once', () => {
    expect(problemsOf({ BUILD_TYPE: 'x', CPUS: 'y', MEMORY: 'z' })).toHaveLength(3);
  });

  it.each<[string, VariableValues, NodeJS.ProcessEnv, readonly string[], string]>([
    ['the original names', { AWS_ACCESS_KEY: 'a', AWS_SECRET_KEY: 'bbbbbbbb' }, {}, [], 'AWS_ACCESS_KEY'],
    [
      'the standard names',
      {},
      { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'bbbbbbbb' },
      [],
      'AWS_ACCESS_KEY_ID',
    ],
    ['a profile', {}, { AWS_PROFILE: 'work' }, [], 'profile work'],
    ['the shared file', {}, { HOME: '/home/u' }, ['/home/u/.aws/credentials'], '/home/u/.aws/credentials'],
  ])('find AWS credentials by %s', (_reason, values, env, files, expected) => {
    expect(read(values, env, files).aws.credentials).toBe(expected);
  });

  it('name the region variable that is wrong', () => {
    expect(() => read({}, { AWS_DEFAULT_REGION: 'Oregon' })).toThrow('AWS_DEFAULT_REGION is "Oregon"');
    expect(read({}, { AWS_DEFAULT_REGION: 'eu-central-1' }).aws.region).toBe('eu-central-1');
    expect(read({}).aws.region).toBe('us-west-2');
  });

  it('make the secret key a secret', () => {
    read({ AWS_ACCESS_KEY: 'a', AWS_SECRET_KEY: 'wJalrXUtnFEMI' });
    expect(redact('key=wJalrXUtnFEMI')).toBe('key=[secret]');
  });
});

describe('variables', () => {
  it('come from flags before the environment; an empty one counts as not given', () => {
    const values = collectVariables(
      { IMAGE_NAME: 'flag' },
      { IMAGE_NAME: 'env', IMAGE_PATH: '/e', PAYLOAD: '' },
    );
    expect(values).toEqual({ IMAGE_NAME: 'flag', IMAGE_PATH: '/e' });
  });

  it('have flags of the same name', () => {
    expect(VARIABLES.map(({ name }) => flagOf(name))).toContain('--dcos-installer-sha256');
  });
});

describe('sizes', () => {
  it.each([
    ['10000M', 10000 * 1024 ** 2],
    ['20G', 20 * 1024 ** 3],
    ['20GiB', 20 * 1024 ** 3],
    ['512', 512 * 1024 ** 2],
    ['1t', 1024 ** 4],
  ])('%s', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes);
  });

  it.each(['', 'M', '-1G', '1.5G', '0', '99999999999T', '10 000'])('%j is none', (text) => {
    expect(parseSizeBytes(text)).toBeUndefined();
  });

  it('never throw, and are never negative or fractional', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = parseSizeBytes(text);
        expect(bytes === undefined || (Number.isSafeInteger(bytes) && bytes > 0)).toBe(true);
      }),
    );
  });
});
