import { readFile, stat } from 'node:fs/promises';
import { asError, BuilderError, systemCode } from '../errors.ts';

/** A key is a few hundred bytes, an RSA key of 16384 bits 12 KB; what is larger is some other file. */
const LARGEST_KEY_BYTES = 64 * 1024;

/** A key file's text, and what ssh looks at before it reads one. */
export interface KeyFile {
  readonly path: string;
  readonly text: string;
  /** Permission bits. */
  readonly mode: number;
  readonly ownerId: number;
}

export type KeyRole = 'private key' | 'public key';

/**
 * Reads a file that should hold a key. Fails with `key-missing` when there is none, with `key-unreadable` when it
 * cannot be read, is empty, or is too large to be a key.
 */
export async function readKeyFile(path: string, role: KeyRole): Promise<KeyFile> {
  try {
    const stats = await stat(path);
    if (!stats.isFile()) throw unreadable(`the ${role} ${path} is not a file`);
    if (stats.size === 0) throw unreadable(`the ${role} ${path} is empty`);
    if (stats.size > LARGEST_KEY_BYTES) {
      throw unreadable(`the ${role} ${path} is too large for a key (${stats.size} bytes)`);
    }
    return { path, text: await readFile(path, 'utf8'), mode: stats.mode & 0o777, ownerId: stats.uid };
  } catch (thrown) {
    throw thrown instanceof BuilderError ? thrown : cannotRead(path, role, thrown);
  }
}

function cannotRead(path: string, role: KeyRole, thrown: unknown): BuilderError {
  const code = systemCode(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new BuilderError('key-missing', `the ${role} ${path} does not exist`, {
      hint: path.includes('/~')
        ? 'a ~ inside a variable is not expanded: write the whole path'
        : `correct ${role === 'private key' ? 'SSH_PRIVATE_KEY' : 'SSH_PUBLIC_KEY'}; in a container it is a path inside the container, below a mounted folder`,
      cause: thrown,
    });
  }
  const reason = code === 'EACCES' ? 'permission denied' : asError(thrown).message;
  return unreadable(`the ${role} ${path} cannot be read: ${reason}`, thrown);
}

function unreadable(message: string, cause?: unknown): BuilderError {
  const hint = 'give the path of an SSH key file that this user may read';
  return new BuilderError('key-unreadable', message, { hint, cause });
}
