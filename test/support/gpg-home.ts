import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/system/process.ts';

export interface MadeKey {
  /** `gpg --quick-generate-key`'s own words: `sign`, `cert`, … */
  readonly usage?: string;
  readonly passphrase?: string;
  /** The key is made in January 2020, and holds for a day. */
  readonly isOld?: boolean;
}

/** A GnuPG home of its own, with an agent of its own. Both are gone when the block ends. */
export class GpgHome implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Its path is short: the agent's sockets lie in it. */
  static async create(): Promise<GpgHome> {
    const folder = await mkdtemp(join(tmpdir(), 'nb-gpg-'));
    await chmod(folder, 0o700);
    return new GpgHome(folder);
  }

  async gpg(...args: readonly string[]): Promise<string> {
    const argv = ['gpg', '--batch', '--quiet', '--no-tty', ...args];
    return (await run(argv, { env: { ...process.env, GNUPGHOME: this.folder } })).stdout;
  }

  /** Makes a key for an address, and returns its fingerprint. */
  async makeKey(address: string, { usage = 'sign', passphrase = '', isOld }: MadeKey = {}): Promise<string> {
    await this.gpg(
      // Another key of the same address is wanted, too.
      ...['--yes', '--pinentry-mode', 'loopback', '--passphrase', passphrase],
      ...(isOld === true ? ['--faked-system-time', '20200101T000000'] : []),
      ...['--quick-generate-key', `Test <${address}>`, 'ed25519', usage, isOld === true ? '1d' : 'never'],
    );
    // The newest of this address is the last one.
    const listed = await this.gpg('--with-colons', '--list-secret-keys', address);
    return [...listed.matchAll(/^sec:.*\nfpr:+([0-9A-F]+):/gm)].at(-1)?.[1] ?? '';
  }

  /** Revokes a key by the certificate that gpg laid aside when it was made. */
  async revoke(fingerprint: string): Promise<void> {
    const text = await readFile(join(this.folder, 'openpgp-revocs.d', `${fingerprint}.rev`), 'utf8');
    const argv = ['gpg', '--batch', '--quiet', '--import'];
    const env = { ...process.env, GNUPGHOME: this.folder };
    await run(argv, { env, input: text.replace(/^:---/m, '---') });
  }

  /** Makes the agent forget every passphrase. */
  async forget(): Promise<void> {
    await run(['gpgconf', '--kill', 'gpg-agent'], { env: { ...process.env, GNUPGHOME: this.folder } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.forget();
    await rm(this.folder, { recursive: true, force: true });
  }
}
