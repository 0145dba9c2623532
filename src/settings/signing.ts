import { resolve } from 'node:path';
import type { VariableReader } from './variable-reader.ts';

/** The key that signs an output's checksums: one in the user's GnuPG home, or minisign's secret key file (absolute). */
export type SigningKey =
  | { readonly kind: 'gpg'; readonly id: string }
  | { readonly kind: 'minisign'; readonly path: string };

export interface SigningSettings {
  readonly key: SigningKey;
  /** The file (absolute) whose first line is the key's password. The password itself is no setting. */
  readonly passwordFile: string | undefined;
}

/** Reads `gpg:KEYID` or `minisign:FILE`, and where the password of the key is. */
export function readSigning(reader: VariableReader, cwd: string): SigningSettings | undefined {
  const text = reader.text('SIGNING_KEY');
  const passwordFile = reader.path('SIGNING_PASSWORD_FILE');
  if (text === undefined) {
    return passwordFile === undefined ? undefined : reader.half('SIGNING_PASSWORD_FILE', 'SIGNING_KEY');
  }
  const key = parseSigningKey(text, cwd);
  return key === undefined
    ? reader.wrong('SIGNING_KEY', 'gpg:KEYID or minisign:FILE')
    : { key, passwordFile };
}

function parseSigningKey(text: string, cwd: string): SigningKey | undefined {
  const [, kind, name] = /^(gpg|minisign):(\P{Cc}+)$/u.exec(text) ?? [];
  if (kind === undefined || name === undefined || name.trim() === '') return undefined;
  return kind === 'gpg' ? { kind, id: name.trim() } : { kind: 'minisign', path: resolve(cwd, name) };
}
