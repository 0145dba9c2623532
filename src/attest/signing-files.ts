import { readFile, stat } from 'node:fs/promises';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { registerSecret } from '../system/secrets.ts';

/** Keys and passwords are a few hundred bytes; what is larger is some other file. */
const LARGEST_BYTES = 64 * 1024;

/**
 * The text of a file that a variable names. Fails with `key-missing` when there is none, with `key-unreadable` when it
 * cannot be read or is no text of this kind.
 */
export async function readSigningFile(path: string, variable: string): Promise<string> {
  try {
    // A pipe has no size: it may hold a password for just this run.
    const stats = await stat(path);
    if (stats.isDirectory() || stats.size > LARGEST_BYTES) {
      throw unreadable(`${variable} names ${path}, which is not such a file`);
    }
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (thrown instanceof BuilderError) throw thrown;
    if (systemCode(thrown) !== 'ENOENT' && systemCode(thrown) !== 'ENOTDIR') {
      throw unreadable(`${variable} names ${path}, which cannot be read: ${asError(thrown).message}`, thrown);
    }
    throw new BuilderError('key-missing', `${variable} names ${path}, which does not exist`, {
      hint: path.includes('/~')
        ? 'a ~ inside a variable is not expanded: write the whole path'
        : `correct ${variable}; in a container it is a path inside the container, below a mounted folder`,
      cause: thrown,
    });
  }
}

/**
 * The first line of a file, made a secret: it is redacted wherever it might be shown. Fails as `readSigningFile`, and
 * with `key-unreadable` when that line is empty.
 */
export async function readPassword(path: string): Promise<string> {
  const text = await readSigningFile(path, 'SIGNING_PASSWORD_FILE');
  const [password = ''] = text.split(/\r?\n/);
  if (password === '') throw unreadable(`the first line of SIGNING_PASSWORD_FILE ${path} is empty`);
  registerSecret(password);
  return password;
}

function unreadable(message: string, cause?: unknown): BuilderError {
  const hint = 'give the path of a small text file that this user may read';
  return new BuilderError('key-unreadable', message, { hint, cause });
}
