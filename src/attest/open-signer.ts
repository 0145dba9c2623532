import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SigningSettings } from '../settings/signing.ts';
import { temporaryFolder } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { openGpgSigner } from './gpg-signer.ts';
import { openMinisignSigner } from './minisign-signer.ts';
import type { Signer } from './signer.ts';
import { readPassword } from './signing-files.ts';

/**
 * Finds the key that is to sign, and signs something with it on trial: what is wrong shows now, and not behind a long
 * build. Fails with `key-missing`, `key-unreadable`, `key-unusable`, `key-passphrase` or `signing-failed`.
 */
export async function openSigner(
  { key, passwordFile }: SigningSettings,
  signal?: AbortSignal,
): Promise<Signer> {
  const password = passwordFile === undefined ? undefined : await readPassword(passwordFile);
  const signer =
    key.kind === 'gpg'
      ? await openGpgSigner(key.id, password, signal)
      : await openMinisignSigner(key.path, password, signal);
  await signOnTrial(signer, signal);
  return signer;
}

async function signOnTrial(signer: Signer, signal: AbortSignal | undefined): Promise<void> {
  await using scope = new Scope();
  const path = join(await temporaryFolder(scope), 'trial');
  await writeFile(path, 'a trial\n');
  await signer.sign(path, signal);
}
