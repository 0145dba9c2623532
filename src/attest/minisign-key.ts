/** What a text is that should be a secret key of minisign. */
export type MinisignText = 'secret' | 'secret with password' | 'public' | 'other';

const SECRET_BYTES = 158;
const PUBLIC_BYTES = 42;

/**
 * Tells a secret key from what is taken for one. The form is minisign's own: a line of comment, then base64 of `Ed`, two
 * bytes that name how the password was made a key (zeros: there is none), …; a public key is `Ed`, an id and the key.
 */
export function minisignTextKind(text: string): MinisignText {
  const [comment = '', line = ''] = text.split(/\r?\n/);
  const bytes = Buffer.from(line, 'base64');
  if (!comment.startsWith('untrusted comment:') || bytes.toString('latin1', 0, 2) !== 'Ed') return 'other';
  if (bytes.length === PUBLIC_BYTES) return 'public';
  if (bytes.length !== SECRET_BYTES) return 'other';
  return bytes.readUInt16LE(2) === 0 ? 'secret' : 'secret with password';
}
