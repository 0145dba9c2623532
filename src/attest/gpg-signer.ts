import { BuilderError } from '../errors.ts';
import { CHECKSUMS_FILE } from '../output/manifest.ts';
import { displayArgv, ProcessError, run } from '../system/process.ts';
import { chooseGpgKey, type GpgKey, parseGpgKeys } from './gpg-keys.ts';
import type { Signer } from './signer.ts';
import { cannotSign, wrongPassword } from './signing-errors.ts';

const GPG = ['gpg', '--batch', '--no-tty'] as const;
/** A card or an agent that does not answer must not hold a build for ever. */
const TIMEOUT_MS = 60_000;

/**
 * Finds a secret key of the user's GnuPG home by fingerprint, key id or address. Fails with `key-missing` or
 * `key-unusable`.
 */
export async function openGpgSigner(
  id: string,
  password: string | undefined,
  signal?: AbortSignal,
): Promise<Signer> {
  const listed = await listKeys('--list-secret-keys', id, signal);
  const key = chooseGpgKey(parseGpgKeys(listed), id);
  if (key === undefined) throw await missing(id, signal);
  return new GpgSigner(key, id, password);
}

class GpgSigner implements Signer {
  readonly name: string;
  readonly signature: Signer['signature'];
  readonly #fingerprint: string;
  readonly #localUser: string;
  readonly #password: string | undefined;

  constructor({ fingerprint, user }: GpgKey, id: string, password: string | undefined) {
    this.name = `gpg ${fingerprint} ${user}`;
    this.signature = { tool: 'gpg', file: `${CHECKSUMS_FILE}.asc`, key: fingerprint };
    this.#fingerprint = fingerprint;
    // With an exclamation mark it is this very subkey that must sign.
    this.#localUser = id.endsWith('!') ? id : fingerprint;
    this.#password = password;
  }

  async sign(path: string, signal?: AbortSignal): Promise<void> {
    // What was not given is not asked for: nobody may be there to answer, and the terminal is drawn on.
    const pinentry =
      this.#password === undefined
        ? ['--pinentry-mode', 'error']
        : ['--pinentry-mode', 'loopback', '--passphrase-fd', '0'];
    const output = `${path}.asc`;
    const signing = ['--yes', '--armor', '--local-user', this.#localUser, '--output', output];
    const argv = [...GPG, ...pinentry, ...signing, '--detach-sign', '--', path];
    try {
      await run(argv, {
        timeoutMs: TIMEOUT_MS,
        ...(this.#password === undefined ? {} : { input: `${this.#password}\n` }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (thrown) {
      throw thrown instanceof ProcessError ? this.#refusal(thrown) : thrown;
    }
    await this.#verify(path, output, signal);
  }

  /** A signature of another key (by a setting in gpg.conf) verifies too: this key's own must be among them. */
  async #verify(path: string, signaturePath: string, signal: AbortSignal | undefined): Promise<void> {
    const argv = [...GPG, '--status-fd', '1', '--verify', '--', signaturePath, path];
    const { stdout, tail } = await run(argv, {
      acceptExitCodes: [1, 2],
      timeoutMs: TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    // The last word is the fingerprint of the primary key (GnuPG, doc/DETAILS).
    const signers = [...stdout.matchAll(/^\[GNUPG:\] VALIDSIG .* ([0-9A-F]+)$/gm)].map(
      ([, signer]) => signer,
    );
    if (signers.includes(this.#fingerprint)) return;
    throw new BuilderError('signing-failed', `gpg does not verify its own signature ${signaturePath}`, {
      hint: `look at what this says: ${displayArgv(argv)}`,
      tail,
    });
  }

  #refusal(refusal: ProcessError): BuilderError {
    const says = (words: RegExp): boolean => refusal.tail.some((line) => words.test(line));
    if (says(/Bad passphrase/)) return wrongPassword(this.name);
    if (says(/No pinentry|No passphrase given|Inappropriate ioctl/)) {
      return new BuilderError('key-passphrase', `${this.name} has a passphrase, which nobody is asked for`, {
        hint: 'set SIGNING_PASSWORD_FILE to a file that holds it; or sign something by hand, so that gpg-agent knows it for a while (ten minutes, where nothing else is set)',
      });
    }
    return cannotSign(refusal, this.name, ['gpg', '--local-user', this.#localUser, '--detach-sign', 'FILE']);
  }
}

/** Empty when there is no such key. */
async function listKeys(
  what: '--list-keys' | '--list-secret-keys',
  id: string,
  signal?: AbortSignal,
): Promise<string> {
  const { stdout } = await run([...GPG, '--with-colons', what, '--', id], {
    acceptExitCodes: [2],
    timeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  return stdout;
}

async function missing(id: string, signal: AbortSignal | undefined): Promise<BuilderError> {
  const isPublic = /^pub:/m.test(await listKeys('--list-keys', id, signal));
  const what = isPublic ? `gpg has only the public key gpg:${id}` : `gpg has no secret key gpg:${id}`;
  return new BuilderError('key-missing', what, {
    hint: "gpg --list-secret-keys shows what is in this user's GnuPG home (GNUPGHOME, or ~/.gnupg)",
  });
}
