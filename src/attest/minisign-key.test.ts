import { describe, expect, it } from 'vitest';
import { minisignTextKind } from './minisign-key.ts';

const text = (bytes: readonly number[], length: number): string =>
  `untrusted comment: a key\n${Buffer.concat([Buffer.from(bytes), Buffer.alloc(length - bytes.length)]).toString('base64')}\n`;
const ED = [...Buffer.from('Ed')];
const SCRYPT = [...Buffer.from('Sc')];

describe('a text given as a secret key of minisign', () => {
  it.each([
    ['a key without a password', text(ED, 158), 'secret'],
    ['a key with one', text([...ED, ...SCRYPT], 158), 'secret with password'],
    ['a public key', text(ED, 42), 'public'],
    ['a signature', text(ED, 74), 'other'],
    ['a key of another kind', text([...Buffer.from('Xx')], 158), 'other'],
    ['a key with Windows line ends', text(ED, 158).replaceAll('\n', '\r\n'), 'secret'],
    ['a key without its comment', text(ED, 158).split('\n')[1] ?? '', 'other'],
    ['an SSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n', 'other'],
    ['nothing', '', 'other'],
  ])('is known: %s', (_what, given, kind) => {
    expect(minisignTextKind(given)).toBe(kind);
  });
});
