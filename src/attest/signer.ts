import type { Signature } from '../output/manifest.ts';

/** A key that was found to sign, and all that is needed to sign with it. */
export interface Signer {
  /** For people: which key it is. */
  readonly name: string;
  /** How a signature of it is called, and verified. */
  readonly signature: Signature;
  /**
   * Signs a file, and verifies the signature, which lies beside the file under its name and the extension of
   * `signature.file`. Fails with `key-passphrase` or `signing-failed`.
   */
  sign(path: string, signal?: AbortSignal): Promise<void>;
}
