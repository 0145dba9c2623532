import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { CHECKSUMS_FILE } from '../output/manifest.ts';
import { temporaryFolder } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import { minisignTextKind } from './minisign-key.ts';
import type { Signer } from './signer.ts';
import { cannotSign, wrongPassword } from './signing-errors.ts';
import { readSigningFile } from './signing-files.ts';

/** Making a key of a password takes seconds, by design. */
const TIMEOUT_MS = 120_000;

/**
 * Takes a secret key file of minisign, and derives its public key. Fails with `key-missing`, `key-unreadable`,
 * `key-passphrase` or `signing-failed`.
 */
export async function openMinisignSigner(
  path: string,
  password: string | undefined,
  signal?: AbortSignal,
): Promise<Signer> {
  const kind = minisignTextKind(await readSigningFile(path, 'SIGNING_KEY'));
  if (kind === 'public' || kind === 'other') {
    const what = kind === 'public' ? 'is a public key' : 'is not a secret key of minisign';
    throw new BuilderError('key-unreadable', `SIGNING_KEY names ${path}, which ${what}`, {
      hint: 'give the secret key, such as ~/.minisign/minisign.key; minisign -G makes a pair',
    });
  }
  if (kind === 'secret with password' && password === undefined) {
    throw new BuilderError('key-passphrase', `${path} has a password, which nobody is asked for`, {
      hint: 'set SIGNING_PASSWORD_FILE to a file that holds it',
    });
  }
  await using scope = new Scope();
  const publicPath = join(await temporaryFolder(scope), 'key.pub');
  await minisign(['-R', '-s', path, '-p', publicPath], path, password, signal);
  const [, publicKey = ''] = (await readFile(publicPath, 'utf8')).split('\n');
  return new MinisignSigner(path, publicKey, password);
}

class MinisignSigner implements Signer {
  readonly name: string;
  readonly signature: Signer['signature'];
  readonly #path: string;
  readonly #publicKey: string;
  readonly #password: string | undefined;

  constructor(path: string, publicKey: string, password: string | undefined) {
    this.name = `minisign ${publicKey}`;
    this.signature = { tool: 'minisign', file: `${CHECKSUMS_FILE}.minisig`, key: publicKey };
    this.#path = path;
    this.#publicKey = publicKey;
    this.#password = password;
  }

  async sign(path: string, signal?: AbortSignal): Promise<void> {
    await minisign(['-S', '-s', this.#path, '-m', path], this.#path, this.#password, signal);
    await minisign(['-V', '-q', '-P', this.#publicKey, '-m', path], this.#path, undefined, signal);
  }
}

/** Runs minisign, which reads a password from its standard input when that is no terminal. */
async function minisign(
  args: readonly string[],
  keyPath: string,
  password: string | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await run(['minisign', ...args], {
      input: password === undefined ? '' : `${password}\n`,
      timeoutMs: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (thrown) {
    throw thrown instanceof ProcessError ? refusalOf(thrown, keyPath) : thrown;
  }
}

function refusalOf(refusal: ProcessError, keyPath: string): BuilderError {
  return refusal.tail.some((line) => line.includes('Wrong password'))
    ? wrongPassword(keyPath)
    : cannotSign(refusal, keyPath, ['minisign', '-S', '-s', keyPath, '-m', 'FILE']);
}
