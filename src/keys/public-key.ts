import { BuilderError } from '../errors.ts';

/** A public SSH key, as one line of an `authorized_keys` file. */
export interface PublicKey {
  readonly type: string;
  /** The key itself, in base64: what two files of the same key have in common, whatever their comments say. */
  readonly blob: string;
  /** `type blob comment`, without line end. */
  readonly line: string;
}

/** What Packer 1.6.6 (its Go library of 2020), OpenSSH and the SSH servers of all bases take. */
const USABLE_TYPES = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
];

const MAKE_A_NEW_ONE = 'make a usable key: ssh-keygen -t ed25519 -N "" -f FILE';

/** One line of the form `type base64 [comment]`, or undefined when it is not that, or the key in it is damaged. */
export function parsePublicKeyLine(line: string): PublicKey | undefined {
  const match = /^([a-z][\w@.-]*)[ \t]+([A-Za-z0-9+/]+={0,2})(?:[ \t]+(.*))?$/s.exec(line.trim());
  const [, type, blob, comment] = match ?? [];
  if (type === undefined || blob === undefined || namedType(Buffer.from(blob, 'base64')) !== type) {
    return undefined;
  }
  return { type, blob, line: [type, blob, ...(comment ? [comment] : [])].join(' ') };
}

/**
 * The text of a public key file: exactly one key, besides empty lines and `#` comments. Fails with
 * `key-unreadable`, which says what the file holds instead; `path` is for that message.
 */
export function parsePublicKeyFile(text: string, path: string): PublicKey {
  const lines = text.split(/\r\n|\n|\r/).map((line) => line.trim());
  const [only, ...more] = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const key = only === undefined ? undefined : parsePublicKeyLine(only);
  if (key === undefined) throw unreadablePublicKey(text, path);
  if (more.length > 0) {
    throw unreadable(`${path} holds ${more.length + 1} lines, but a public key is one`, {
      hint: 'give a file with the one public key that belongs to the private key',
    });
  }
  return requireUsable(key, path);
}

/** Refuses kinds of keys that would fail only later, in Packer or at the SSH server. */
export function requireUsable(key: PublicKey, path: string): PublicKey {
  if (USABLE_TYPES.includes(key.type)) return key;
  if (key.type.includes('-cert-')) {
    throw unreadable(`${path} is an SSH certificate (${key.type}), not a plain public key`, {
      hint: 'give the public key that the certificate was made of, the file without -cert in its name',
    });
  }
  if (key.type.startsWith('sk-')) {
    throw unreadable(
      `${path} is held in a security key (${key.type}), which must be touched at every login`,
      {
        hint: MAKE_A_NEW_ONE,
      },
    );
  }
  const why =
    key.type === 'ssh-dss' ? 'a DSA key, which SSH servers refuse' : `of the unknown type ${key.type}`;
  throw unreadable(`${path} is ${why}`, { hint: MAKE_A_NEW_ONE });
}

function unreadablePublicKey(text: string, path: string): BuilderError {
  if (/PRIVATE KEY-----|^PuTTY-User-Key-File/m.test(text)) {
    return unreadable(`${path} is a private key, but is given as the public one`, {
      hint: 'give it as SSH_PRIVATE_KEY; the public key is derived from it when SSH_PUBLIC_KEY is left out',
    });
  }
  if (/^-----BEGIN .*PUBLIC KEY-----|^---- BEGIN SSH2 PUBLIC KEY ----/m.test(text)) {
    return unreadable(`${path} is a public key in another format than OpenSSH's`, {
      hint: 'leave SSH_PUBLIC_KEY out: the public key is then derived from the private one',
    });
  }
  return unreadable(`${path} is not a public SSH key, or is damaged`, {
    hint: 'a public key file is one line: type, key, comment; left out, it is derived from the private key',
  });
}

function unreadable(message: string, options: { readonly hint: string }): BuilderError {
  return new BuilderError('key-unreadable', message, options);
}

/**
 * The type that a key's bytes name, or undefined when they are cut or damaged: they are a row of strings, each
 * after its length in four bytes, and the first string is the type (RFC 4253, section 6.6).
 */
function namedType(bytes: Buffer): string | undefined {
  const strings: Buffer[] = [];
  let offset = 0;
  while (offset + 4 <= bytes.length) {
    const start = offset + 4;
    offset = start + bytes.readUInt32BE(offset);
    strings.push(bytes.subarray(start, offset));
  }
  return offset === bytes.length && strings.length > 1 ? strings[0]?.toString('latin1') : undefined;
}
