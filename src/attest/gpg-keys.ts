import { BuilderError } from '../errors.ts';

/** A secret key in a GnuPG home: the primary key, which its subkeys belong to. */
export interface GpgKey {
  /** Hexadecimal, of the primary key. */
  readonly fingerprint: string;
  /** The first user id: `Name <address>`. */
  readonly user: string;
  /** Why it cannot sign; undefined when it can. */
  readonly flaw: string | undefined;
}

/**
 * The secret keys in what `gpg --with-colons --list-secret-keys` prints (GnuPG, doc/DETAILS): a line a record, `sec` opens
 * a key, the first `fpr` behind it is its fingerprint, `uid` are its users.
 */
export function parseGpgKeys(text: string): readonly GpgKey[] {
  const keys: { fingerprint?: string; user?: string; flaw: string | undefined }[] = [];
  for (const line of text.split('\n')) {
    const [record, ...fields] = line.split(':');
    const key = keys.at(-1);
    if (record === 'sec') keys.push({ flaw: flawOf(fields) });
    else if (record === 'fpr' && key !== undefined) key.fingerprint ??= fields[8] ?? '';
    else if (record === 'uid' && key !== undefined) key.user ??= unescaped(fields[8] ?? '');
  }
  return keys.map(({ fingerprint = '', user = '', flaw }) => ({ fingerprint, user, flaw }));
}

/** What a key cannot sign for, by its fields behind the record's name: validity, …, expiry at 5, capabilities at 10. */
function flawOf(fields: readonly string[]): string | undefined {
  const [validity] = fields;
  const capabilities = fields[10] ?? '';
  if (validity === 'r') return 'is revoked';
  if (validity === 'e') return `has expired${dateText(fields[5] ?? '')}`;
  if (validity === 'i') return 'is invalid';
  if (capabilities.includes('D')) return 'is disabled';
  // Capital letters are what the key as a whole can do, with those of its subkeys that are still good.
  if (!capabilities.includes('S')) return 'has no part that can sign now';
  return undefined;
}

/** Seconds since 1970 as ` on 2026-11-25`. */
function dateText(seconds: string): string {
  return /^\d+$/.test(seconds) ? ` on ${new Date(Number(seconds) * 1000).toISOString().slice(0, 10)}` : '';
}

function unescaped(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/gi, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * The one key that is meant: an address may have old keys besides the one that signs now. Fails with `key-unusable` when
 * none of them can sign, or several can. `id` is for messages.
 */
export function chooseGpgKey(keys: readonly GpgKey[], id: string): GpgKey | undefined {
  const usable = keys.filter(({ flaw }) => flaw === undefined);
  const [key, another] = usable;
  const [broken] = keys;
  if (another !== undefined) {
    const fingerprints = usable.map(({ fingerprint }) => fingerprint).join(', ');
    throw new BuilderError('key-unusable', `several secret keys fit gpg:${id}: ${fingerprints}`, {
      hint: 'set SIGNING_KEY to gpg: and the fingerprint of one of them',
    });
  }
  if (key === undefined && broken?.flaw !== undefined) {
    const { fingerprint, user, flaw } = broken;
    throw new BuilderError('key-unusable', `the key gpg:${id} ${flaw}: ${fingerprint} ${user}`, {
      hint: `give another key, or mend this one: gpg --edit-key ${fingerprint}`,
    });
  }
  return key;
}
