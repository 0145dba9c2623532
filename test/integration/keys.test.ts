import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuilderError } from '../../src/errors.ts';
import { prepareKeys, resolveKeys } from '../../src/keys/keys.ts';
import { run } from '../../src/system/process.ts';

const KEYS = {
  ed25519: ['-t', 'ed25519', '-N', ''],
  other: ['-t', 'ed25519', '-N', ''],
  ecdsa: ['-t', 'ecdsa', '-N', ''],
  rsa: ['-t', 'rsa', '-b', '2048', '-N', ''],
  'rsa-pem': ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', ''],
  'rsa-pkcs8': ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', ''],
  'ecdsa-pem': ['-t', 'ecdsa', '-m', 'PEM', '-N', ''],
  dsa: ['-t', 'dsa', '-N', ''],
  locked: ['-t', 'ed25519', '-N', 'correct horse'],
  'locked-pem': ['-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'correct horse'],
  'locked-pkcs8': ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', 'correct horse'],
} as const;

let folder: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-keys-'));
  for (const [name, args] of Object.entries(KEYS)) {
    await run(['ssh-keygen', '-q', '-C', `me on "${name}" #1`, '-f', at(name), ...args]);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Given {
  readonly privateKey?: string;
  readonly publicKey?: string;
}

function request({ privateKey, publicKey }: Given, secrets = 'unused'): Parameters<typeof resolveKeys>[0] {
  return { privateKey, publicKey, folder: at(secrets) };
}

async function refusalOf(given: Given): Promise<BuilderError> {
  const thrown: unknown = await resolveKeys(request(given)).catch((error: unknown) => error);
  if (!(thrown instanceof BuilderError)) throw new Error(`no refusal: ${JSON.stringify(thrown)}`);
  return thrown;
}

/** A copy of a key with another text, 0600. */
async function altered(name: string, source: string, change: (text: string) => string): Promise<string> {
  await writeFile(at(name), change(await readFile(at(source), 'utf8')), { mode: 0o600 });
  return at(name);
}

describe('keys that work', () => {
  it.each([
    'ed25519',
    'ecdsa',
    'rsa',
    'rsa-pem',
    'rsa-pkcs8',
    'ecdsa-pem',
  ])('derives the public key of %s, and Packer takes the private one', async (name) => {
    const keys = await prepareKeys(request({ privateKey: at(name) }));
    const [type, blob] = (await readFile(at(`${name}.pub`), 'utf8')).split(' ');
    expect(keys.publicKey.split(' ').slice(0, 2)).toEqual([type, blob]);
    expect(keys).toMatchObject({ made: false, derived: true, publicKeyPath: undefined });
    const template = at('template.json');
    const builder = {
      type: 'null',
      ssh_host: '127.0.0.1',
      ssh_username: 'core',
      ssh_private_key_file: at(name),
    };
    await writeFile(template, JSON.stringify({ builders: [builder] }));
    await run(['packer', 'validate', template]);
  });

  it('takes the public key as its file has it, comment and all', async () => {
    const keys = await prepareKeys(request({ privateKey: at('ed25519'), publicKey: at('ed25519.pub') }));
    expect(`${keys.publicKey}\n`).toBe(await readFile(at('ed25519.pub'), 'utf8'));
    expect(keys).toMatchObject({ publicKeyPath: at('ed25519.pub'), derived: false });
  });

  it('compares the keys, not their comments', async () => {
    const publicKey = await altered('renamed.pub', 'ed25519.pub', (text) =>
      text.replace(/ me .*/, ' somebody'),
    );
    const keys = await prepareKeys(request({ privateKey: at('ed25519'), publicKey }));
    expect(keys.publicKey).toMatch(/ somebody$/);
  });

  it('finds the private key beside the public one', async () => {
    const keys = await prepareKeys(request({ publicKey: at('ed25519.pub') }));
    expect(keys.privateKeyPath).toBe(at('ed25519'));
  });

  it('writes nothing beside the keys of a user', async () => {
    const own = at('own');
    await mkdir(own);
    await copyFile(at('ed25519'), join(own, 'id'));
    await prepareKeys(request({ privateKey: join(own, 'id') }));
    expect(await readdir(own)).toEqual(['id']);
  });
});

describe('without a key', () => {
  it('plans to make one and writes nothing', async () => {
    expect(await resolveKeys(request({}, 'none/yet'))).toEqual({
      action: 'make',
      privateKeyPath: at('none/yet/netsil-builder_ed25519'),
      publicKeyPath: at('none/yet/netsil-builder_ed25519.pub'),
    });
    expect(await readdir(folder)).not.toContain('none');
  });

  it('makes one that nobody else can read, and uses it again', async () => {
    const made = await prepareKeys(request({}, 'deep/secrets'));
    expect(made).toMatchObject({ made: true, privateKeyPath: at('deep/secrets/netsil-builder_ed25519') });
    expect((await stat(at('deep/secrets'))).mode & 0o777).toBe(0o700);
    expect((await stat(made.privateKeyPath)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${made.privateKeyPath}.pub`, 'utf8')).toBe(`${made.publicKey}\n`);
    expect((await readdir(at('deep/secrets'))).sort()).toEqual([
      'netsil-builder_ed25519',
      'netsil-builder_ed25519.pub',
    ]);

    const again = await prepareKeys(request({}, 'deep/secrets'));
    expect(again).toMatchObject({ made: false, publicKey: made.publicKey });
    expect((await resolveKeys(request({}, 'deep/secrets'))).action).toBe('reuse');
  });

  it('makes one only, when several processes start at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => prepareKeys(request({}, 'race'))));
    expect(new Set(all.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(await readFile(at('race/netsil-builder_ed25519.pub'), 'utf8')).toBe(`${all[0]?.publicKey}\n`);
  });

  it('leaves the permissions of a folder that is there already', async () => {
    await mkdir(at('shared'));
    await chmod(at('shared'), 0o755);
    await prepareKeys(request({}, 'shared'));
    expect((await stat(at('shared'))).mode & 0o777).toBe(0o755);
  });

  it('says where it could not write', async () => {
    await writeFile(at('a-file'), '');
    const thrown: unknown = await prepareKeys(request({}, 'a-file/secrets')).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'key-missing' });
    expect((thrown as BuilderError).message).toContain(at('a-file/secrets'));
    expect((thrown as BuilderError).hint).toContain('SSH_PRIVATE_KEY');
  });
});

describe('keys that do not work', () => {
  it.each([
    'locked',
    'locked-pem',
    'locked-pkcs8',
  ])('refuses %s without asking for its passphrase', async (name) => {
    const error = await refusalOf({ privateKey: at(name) });
    expect(error.code).toBe('key-passphrase');
    expect(error.message).toContain(at(name));
    expect(error.hint).toContain("ssh-keygen -p -N '' -f COPY");
  });

  it('refuses a public key of another private key', async () => {
    const error = await refusalOf({ privateKey: at('ed25519'), publicKey: at('other.pub') });
    expect(error.code).toBe('key-mismatch');
    expect(error.message).toContain(at('ed25519'));
    expect(error.message).toContain(at('other.pub'));
  });

  it('refuses a private key beside the public one that does not belong to it', async () => {
    await copyFile(at('ed25519'), at('pair'));
    await copyFile(at('other.pub'), at('pair.pub'));
    expect((await refusalOf({ publicKey: at('pair.pub') })).code).toBe('key-mismatch');
  });

  it('refuses a public key alone', async () => {
    await copyFile(at('other.pub'), at('alone.pub'));
    const error = await refusalOf({ publicKey: at('alone.pub') });
    expect(error.code).toBe('key-missing');
    expect(error.message).toContain(`${at('alone')} does not exist`);
    await copyFile(at('other.pub'), at('alone.txt'));
    expect((await refusalOf({ publicKey: at('alone.txt') })).message).toContain('does not end in .pub');
  });

  it('refuses what ssh would ignore for its permissions, and says what to type', async () => {
    const path = await altered('open key', 'ed25519', (text) => text);
    await chmod(path, 0o640);
    const error = await refusalOf({ privateKey: path });
    expect(error.code).toBe('key-unreadable');
    expect(error.message).toContain('0640');
    expect(error.hint).toContain(`chmod 600 '${path}'`);
  });

  it.each([
    ['a missing file', 'key-missing', /does not exist/, (): string => at('nowhere')],
    ['an unexpanded ~', 'key-missing', /does not exist/, (): string => join(folder, '~/.ssh/id_rsa')],
    ['a folder', 'key-unreadable', /is not a file/, (): string => folder],
    ['a public key', 'key-unreadable', /is a public key, but/, (): string => at('ed25519.pub')],
    ['a DSA key', 'key-unreadable', /is a DSA key/, (): string => at('dsa')],
    ['an empty file', 'key-unreadable', /is empty/, () => altered('empty', 'ed25519', () => '')],
    ['text', 'key-unreadable', /is not a private SSH key/, () => altered('text', 'ed25519', () => 'hello\n')],
    ['a large file', 'key-unreadable', /too large/, () => altered('large', 'rsa', (key) => key.repeat(99))],
    [
      'a cut key',
      'key-unreadable',
      /its end is cut off/,
      () => altered('cut', 'ed25519', (key) => key.slice(0, 200)),
    ],
    [
      'a key without its last line end',
      'key-unreadable',
      /last line has no line end/,
      () => altered('unended', 'ed25519', (key) => key.trimEnd()),
    ],
    [
      'Windows line ends',
      'key-unreadable',
      /as on Windows/,
      () => altered('crlf', 'ed25519', (key) => key.replaceAll('\n', '\r\n')),
    ],
    [
      'a byte order mark',
      'key-unreadable',
      /byte order mark/,
      () => altered('bom', 'ed25519', (key) => `\uFEFF${key}`),
    ],
    [
      'a key of PuTTY',
      'key-unreadable',
      /in PuTTY's format/,
      () => altered('ppk', 'ed25519', () => 'PuTTY-User-Key-File-3: ssh-ed25519\n'),
    ],
  ])('refuses %s', async (_what, code, message, make) => {
    const path = await make();
    const error = await refusalOf({ privateKey: path });
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(message);
    expect(error.message).toContain(path);
    expect(error.hint).toBeTruthy();
  });

  it('never shows the private key', async () => {
    const path = await altered('damaged', 'ed25519', (key) => key.replace(/A{4}/, 'AAAB'));
    const secretLines = (await readFile(path, 'utf8')).split('\n').slice(1, -2);
    const error = await refusalOf({ privateKey: path });
    const shown = JSON.stringify([error.message, error.hint, error.tail, String(error.cause)]);
    expect(secretLines.filter((line) => shown.includes(line))).toEqual([]);
  });

  it('says what to install when ssh-keygen is missing', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = folder;
    try {
      const error = await refusalOf({ privateKey: at('ed25519') });
      expect(error).toMatchObject({
        code: 'tool-missing',
        hint: 'install it: apt-get install openssh-client',
      });
    } finally {
      process.env['PATH'] = PATH;
    }
  });
});
