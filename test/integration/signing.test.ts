import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openSigner } from '../../src/attest/open-signer.ts';
import { BuilderError } from '../../src/errors.ts';
import type { SigningKey } from '../../src/settings/signing.ts';
import { run } from '../../src/system/process.ts';
import { redact } from '../../src/system/secrets.ts';
import { GpgHome } from '../support/gpg-home.ts';

const PASSWORD = 'correct horse battery';
const PATH = process.env['PATH'] ?? '';

let folder: string;
let passwordFile: string;
let wrongPasswordFile: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nb-signing-'));
  [passwordFile, wrongPasswordFile, file] = [at('password'), at('wrong-password'), at('SHA256SUMS')];
  await writeFile(passwordFile, `${PASSWORD}\nwhat stands below does not count\n`);
  await writeFile(wrongPasswordFile, 'another horse\n');
  await writeFile(file, 'sums\n');
});
afterEach(async () => {
  process.env['PATH'] = PATH;
  for (const name of await readdir(folder)) {
    if (/^SHA256SUMS\./.test(name)) await rm(at(name));
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);

const open = (key: SigningKey, password?: string) => openSigner({ key, passwordFile: password });

async function failure(key: SigningKey, password?: string): Promise<BuilderError> {
  const thrown: unknown = await open(key, password).catch((reason: unknown) => reason);
  if (thrown instanceof BuilderError) return thrown;
  throw new Error(`it did not fail as expected: ${String(thrown)}`);
}

/** Puts a tool in front of the real one that notes its arguments, and does what `script` says (`$real`: the real one). */
async function wrapTool(name: string, script = 'exec "$real" "$@"'): Promise<() => Promise<string>> {
  const { stdout } = await run(['sh', '-c', `command -v ${name}`]);
  const bin = await mkdtemp(at('bin-'));
  const text = `#!/bin/sh\nreal=${stdout.trim()}\n{ printf '%s\\n' "$@"; env; } >>${bin}/seen\n${script}\n`;
  await writeFile(join(bin, name), text, { mode: 0o755 });
  process.env['PATH'] = `${bin}:${PATH}`;
  return () => readFile(join(bin, 'seen'), 'utf8');
}

describe('signing with gpg', () => {
  let home: GpgHome;
  let plain: string;

  const gpg = (id: string): SigningKey => ({ kind: 'gpg', id });

  beforeAll(async () => {
    home = await GpgHome.create();
    process.env['GNUPGHOME'] = home.folder;
    plain = await home.makeKey('plain@example.org');
    await home.makeKey('locked@example.org', { passphrase: PASSWORD });
    await home.makeKey('old@example.org', { isOld: true });
    await home.revoke(await home.makeKey('gone@example.org'));
    await home.makeKey('certifies@example.org', { usage: 'cert' });
    await home.makeKey('renewed@example.org', { isOld: true });
    await home.makeKey('renewed@example.org');
    await home.makeKey('twice@example.org');
    await home.makeKey('twice@example.org', { usage: 'sign,auth' });
  });
  beforeEach(() => home.forget());
  afterAll(async () => {
    delete process.env['GNUPGHOME'];
    await home[Symbol.asyncDispose]();
  });

  it.each([
    ['its fingerprint', () => plain],
    ['its key id', () => plain.slice(-16)],
    ['its short id, as people write it', () => `0x${plain.slice(-8)}`],
    ['its address', () => 'plain@example.org'],
    ['this very subkey', () => `${plain}!`],
  ])('makes what anybody can verify who has the public key, named by %s', async (_how, id) => {
    const signer = await open(gpg(id()));
    expect(signer.signature).toEqual({ tool: 'gpg', file: 'SHA256SUMS.asc', key: plain });
    expect(signer.name).toBe(`gpg ${plain} Test <plain@example.org>`);
    await signer.sign(file);
    await using other = await GpgHome.create();
    await writeFile(at('public.asc'), await home.gpg('--armor', '--export', plain));
    await other.gpg('--import', at('public.asc'));
    await expect(other.gpg('--verify', at('SHA256SUMS.asc'), file)).resolves.toBeDefined();
    await writeFile(at('changed'), 'Sums\n');
    await expect(other.gpg('--verify', at('SHA256SUMS.asc'), at('changed'))).rejects.toThrow(/exit code 1/);
  });

  it('takes the key that holds of several with one address', async () => {
    expect((await open(gpg('renewed@example.org'))).name).toContain('renewed@example.org');
  });

  it('takes a passphrase from a file, and shows it to nobody', async () => {
    const seen = await wrapTool('gpg');
    const signer = await open(gpg('locked@example.org'), passwordFile);
    await home.forget();
    await signer.sign(file);
    expect(await seen()).toContain('--detach-sign');
    expect(await seen()).not.toContain(PASSWORD);
    expect(JSON.stringify(signer)).not.toContain(PASSWORD);
    expect(redact(`it is ${PASSWORD}`)).toBe('it is [secret]');
  });

  it('takes a passphrase that the agent knows', async () => {
    await (await open(gpg('locked@example.org'), passwordFile)).sign(file);
    const signer = await open(gpg('locked@example.org'));
    await home.forget();
    await expect(signer.sign(file)).rejects.toMatchObject({ code: 'key-passphrase' });
  });

  it.each([
    ['a key that is not there', 'nobody@example.org', 'key-missing', /no secret key gpg:nobody@example\.org/],
    ['an expired key', 'old@example.org', 'key-unusable', /has expired on 2020-01-02: [0-9A-F]{40} Test/],
    ['a revoked key', 'gone@example.org', 'key-unusable', /is revoked/],
    ['a key that only certifies', 'certifies@example.org', 'key-unusable', /no part that can sign/],
    ['two keys that fit', 'twice@example.org', 'key-unusable', /several secret keys fit .*: \w{40}, \w{40}/],
    [
      'a passphrase that is not given',
      'locked@example.org',
      'key-passphrase',
      /has a passphrase, which nobody/,
    ],
    ['what looks like an option', '--version', 'key-missing', /no secret key gpg:--version/],
  ])('refuses %s', async (_what, id, code, message) => {
    const error = await failure(gpg(id));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\w/);
  });

  it('refuses a wrong passphrase', async () => {
    const error = await failure(gpg('locked@example.org'), wrongPasswordFile);
    expect([error.code, error.message]).toEqual([
      'key-passphrase',
      expect.stringMatching(/^the password in SIGNING_PASSWORD_FILE is not that of gpg \w{40} Test/),
    ]);
  });

  it('refuses a key of which it has only the public half', async () => {
    await using other = await GpgHome.create();
    await writeFile(at('public.asc'), await home.gpg('--armor', '--export', plain));
    await other.gpg('--import', at('public.asc'));
    process.env['GNUPGHOME'] = other.folder;
    const error = await failure(gpg(plain));
    process.env['GNUPGHOME'] = home.folder;
    expect(error.message).toBe(`gpg has only the public key gpg:${plain}`);
  });

  it('refuses a key whose secret half is gone from the home', async () => {
    await using other = await GpgHome.create();
    const fingerprint = await other.makeKey('stub@example.org');
    await other.forget();
    const keys = join(other.folder, 'private-keys-v1.d');
    for (const name of await readdir(keys)) await rm(join(keys, name));
    process.env['GNUPGHOME'] = other.folder;
    const error = await failure(gpg(fingerprint));
    process.env['GNUPGHOME'] = home.folder;
    expect(error.message).toBe(`gpg has only the public key gpg:${fingerprint}`);
  });

  it('believes no signature that is not of this key', async () => {
    const signer = await open(gpg(plain));
    await using other = await GpgHome.create();
    await other.makeKey('mallory@example.org');
    const asOther = `GNUPGHOME=${other.folder} "$real" --batch --yes --armor --output ${file}.asc --detach-sign ${file}`;
    await wrapTool('gpg', `case "$*" in *--detach-sign*) ${asOther} ;; *) exec "$real" "$@" ;; esac`);
    await expect(signer.sign(file)).rejects.toMatchObject({
      code: 'signing-failed',
      message: expect.stringContaining('does not verify its own signature') as string,
    });
  });

  it('tells what gpg says when it fails for another reason', async () => {
    const signer = await open(gpg(plain));
    await mkdir(at('SHA256SUMS.asc'));
    const thrown = signer.sign(file);
    await expect(thrown).rejects.toMatchObject({ code: 'signing-failed' });
    await expect(thrown).rejects.toThrow(/^gpg cannot sign with gpg \w{40} .*: gpg: .*/);
    await rm(at('SHA256SUMS.asc'), { recursive: true });
  });
});

describe('signing with minisign', () => {
  const minisign = (name: string): SigningKey => ({ kind: 'minisign', path: at(name) });
  let publicKey: string;

  beforeAll(async () => {
    await run(['minisign', '-G', '-W', '-s', at('plain.key'), '-p', at('plain.pub')]);
    const made = ['minisign', '-G', '-s', at('locked.key'), '-p', at('locked.pub')];
    await run(made, { input: `${PASSWORD}\n${PASSWORD}\n` });
    publicKey = (await readFile(at('plain.pub'), 'utf8')).split('\n')[1] ?? '';
    await writeFile(at('text.key'), 'not a key\n');
    await mkdir(at('folder.key'));
  });

  it('makes what anybody can verify who has the public key, and derives that', async () => {
    const signer = await open(minisign('plain.key'));
    expect(signer.signature).toEqual({ tool: 'minisign', file: 'SHA256SUMS.minisig', key: publicKey });
    await signer.sign(file);
    const verify = ['minisign', '-V', '-P', publicKey];
    await expect(run([...verify, '-m', file])).resolves.toBeDefined();
    await writeFile(at('changed'), 'Sums\n');
    await copyFile(`${file}.minisig`, at('changed.minisig'));
    await expect(run([...verify, '-m', at('changed')])).rejects.toThrow(/exit code 1/);
  });

  it('takes a password from a file, and shows it to nobody', async () => {
    const seen = await wrapTool('minisign');
    const signer = await open(minisign('locked.key'), passwordFile);
    await signer.sign(file);
    await run(['minisign', '-V', '-q', '-p', at('locked.pub'), '-m', file]);
    expect(await seen()).toMatch(/^-S$/m);
    expect(await seen()).not.toContain(PASSWORD);
    expect(JSON.stringify(signer)).not.toContain(PASSWORD);
  });

  it.each([
    [
      'a key that is not there',
      'none.key',
      'key-missing',
      /SIGNING_KEY names .*none\.key, which does not exist/,
    ],
    ['a public key', 'plain.pub', 'key-unreadable', /plain\.pub, which is a public key/],
    ['another file', 'text.key', 'key-unreadable', /text\.key, which is not a secret key of minisign/],
    ['a folder', 'folder.key', 'key-unreadable', /folder\.key, which is not such a file/],
    [
      'a password that is not given',
      'locked.key',
      'key-passphrase',
      /locked\.key has a password, which nobody/,
    ],
  ])('refuses %s', async (_what, name, code, message) => {
    const error = await failure(minisign(name));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(/\w/);
  });

  it.each([
    ['a wrong password', 'wrong-password', 'key-passphrase', /is not that of .*locked\.key/],
    [
      'a password file that is not there',
      'none',
      'key-missing',
      /SIGNING_PASSWORD_FILE names .*none, which does/,
    ],
    ['an empty one', 'empty', 'key-unreadable', /first line of SIGNING_PASSWORD_FILE .*empty is empty/],
  ])('refuses %s', async (_what, name, code, message) => {
    await writeFile(at('empty'), '\n');
    const error = await failure(minisign('locked.key'), at(name));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  });

  it('tells what minisign says when it fails for another reason', async () => {
    const signer = await open(minisign('plain.key'));
    await expect(signer.sign(at('none'))).rejects.toMatchObject({
      code: 'signing-failed',
      message: expect.stringMatching(/^minisign cannot sign with .*plain\.key: .*No such file/) as string,
    });
  });

  it('believes no signature that does not verify', async () => {
    const signer = await open(minisign('plain.key'));
    await run(['minisign', '-G', '-W', '-s', at('other.key'), '-p', at('other.pub')]);
    const other = `"$real" -S -s ${at('other.key')} -m ${file}`;
    await wrapTool('minisign', `case "$1" in -S) exec ${other} ;; *) exec "$real" "$@" ;; esac`);
    await expect(signer.sign(file)).rejects.toMatchObject({ code: 'signing-failed' });
  });
});
