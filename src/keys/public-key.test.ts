import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuilderError } from '../errors.ts';
import { parsePublicKeyFile, parsePublicKeyLine } from './public-key.ts';

/** A blob as RFC 4253 builds it: each string after its length. */
function blobOf(...strings: readonly string[]): string {
  const parts = strings.map((text) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text, 'latin1')]);
  });
  return Buffer.concat(parts).toString('base64');
}

const BLOB = blobOf('ssh-ed25519', 'x'.repeat(32));
const LINE = `ssh-ed25519 ${BLOB}`;

function refusal(text: string): BuilderError {
  try {
    parsePublicKeyFile(text, '/keys/id.pub');
  } catch (thrown) {
    return thrown as BuilderError;
  }
  throw new Error(`accepted: ${text}`);
}

describe('parsePublicKeyLine', () => {
  it('keeps any comment as it stands', () => {
    const comment = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.trim());
    fc.assert(
      fc.property(comment, (text) => {
        fc.pre(text !== '');
        expect(parsePublicKeyLine(`${LINE} ${text}`)?.line).toBe(`${LINE} ${text}`);
      }),
    );
  });

  it('refuses a key that is cut anywhere', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: BLOB.length - 1 }), (length) => {
        expect(parsePublicKeyLine(`ssh-ed25519 ${BLOB.slice(0, length)}`)).toBeUndefined();
      }),
    );
  });

  it('takes tabs and spaces around the fields for one space', () => {
    expect(parsePublicKeyLine(`\t${LINE.replace(' ', ' \t ')}  me \n`)?.line).toBe(`${LINE} me`);
  });

  it('refuses a key whose bytes name another type than the line', () => {
    expect(parsePublicKeyLine(`ssh-rsa ${BLOB}`)).toBeUndefined();
  });
});

describe('parsePublicKeyFile', () => {
  it('finds the one key among empty lines and remarks, with any line ends', () => {
    expect(parsePublicKeyFile(`# mine\r\n\r\n${LINE} me\r\n`, 'f')).toEqual({
      type: 'ssh-ed25519',
      blob: BLOB,
      line: `${LINE} me`,
    });
  });

  it.each([
    ['two keys', `${LINE} a\n${LINE} b\n`, /holds 2 lines/],
    [
      'the private key',
      '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n',
      /is a private key, but is given as the public/,
    ],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-ed25519\n', /is a private key/],
    ['PEM', '-----BEGIN PUBLIC KEY-----\nAAAA\n', /another format than OpenSSH's/],
    ['RFC 4716', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n', /another format than OpenSSH's/],
    ['options before the key', `from="10.0.0.1" ${LINE}\n`, /is not a public SSH key/],
    ['some other text', 'hello\n', /is not a public SSH key/],
    ['remarks only', '# nothing\n', /is not a public SSH key/],
    ['a DSA key', `ssh-dss ${blobOf('ssh-dss', 'p')}`, /is a DSA key/],
    [
      'a security key',
      `sk-ssh-ed25519@openssh.com ${blobOf('sk-ssh-ed25519@openssh.com', 'p')}`,
      /must be touched at every login/,
    ],
    [
      'a certificate',
      `ssh-ed25519-cert-v01@openssh.com ${blobOf('ssh-ed25519-cert-v01@openssh.com', 'p')}`,
      /is an SSH certificate/,
    ],
    ['a type of the future', `ssh-lattice ${blobOf('ssh-lattice', 'p')}`, /of the unknown type ssh-lattice/],
  ])('refuses %s, names the file and says what to do', (_what, text, message) => {
    const error = refusal(text);
    expect(error.code).toBe('key-unreadable');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('/keys/id.pub');
    expect(error.hint).toBeTruthy();
  });
});
