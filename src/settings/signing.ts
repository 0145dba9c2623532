import { resolve } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { VariableValues } from './variables.ts';

/** The key that signs an output's checksums: one in the user's GnuPG home, or minisign's secret key file (absolute). */
export type SigningKey =
  | { readonly kind: 'gpg'; readonly id: string }
  | { readonly kind: 'minisign'; readonly path: string };

export interface SigningSettings {
  readonly key: SigningKey;
  /** The file (absolute) whose first line is the key's password. The password itself is no setting. */
  readonly passwordFile: string | undefined;
}

const EXPECTED = 'gpg:KEYID or minisign:FILE';

/** Reads `gpg:KEYID` or `minisign:FILE`, and where the password of the key is. Reports every malformed value. */
export function readSigning(
  { SIGNING_KEY: text, SIGNING_PASSWORD_FILE: passwordFile }: VariableValues,
  cwd: string,
  report: (problem: BuilderError) => void,
): SigningSettings | undefined {
  if (text === undefined) {
    if (passwordFile !== undefined) {
      const hint = `set SIGNING_KEY or --signing-key to ${EXPECTED} too`;
      report(invalid('SIGNING_PASSWORD_FILE is set, but SIGNING_KEY is not', hint));
    }
    return undefined;
  }
  const key = parseSigningKey(text, cwd);
  if (key === undefined) {
    const what = `SIGNING_KEY is ${JSON.stringify(text)}, which is not ${EXPECTED}`;
    report(invalid(what, `set SIGNING_KEY or --signing-key to ${EXPECTED}`));
    return undefined;
  }
  return { key, passwordFile: passwordFile === undefined ? undefined : resolve(cwd, passwordFile) };
}

function parseSigningKey(text: string, cwd: string): SigningKey | undefined {
  const [, kind, name] = /^(gpg|minisign):(\P{Cc}+)$/u.exec(text) ?? [];
  if (kind === undefined || name === undefined || name.trim() === '') return undefined;
  return kind === 'gpg' ? { kind, id: name.trim() } : { kind: 'minisign', path: resolve(cwd, name) };
}

function invalid(message: string, hint: string): BuilderError {
  return new BuilderError('settings-invalid', message, { hint });
}
