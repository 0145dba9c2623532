import { BuilderError } from '../errors.ts';
import { displayArgv, ProcessError } from '../system/process.ts';
import { type KeyFile, readKeyFile } from './key-file.ts';
import { type PublicKey, parsePublicKeyLine, requireUsable } from './public-key.ts';
import { sshKeygen } from './ssh-keygen.ts';

/**
 * Makes sure that Packer, Ansible and ssh can all use this private key without asking anybody, and returns the
 * public key that belongs to it. Fails with `key-missing`, `key-unreadable` or `key-passphrase`.
 */
export async function readPrivateKey(path: string, signal?: AbortSignal): Promise<PublicKey> {
  const file = await readKeyFile(path, 'private key');
  refuseOtherFormats(file);
  refuseOpenPermissions(file);
  return requireUsable(await derivePublicKey(file, signal), path);
}

function refuseOtherFormats({ text, path }: KeyFile): void {
  if (parsePublicKeyLine(text) !== undefined || /BEGIN [\w ]*PUBLIC KEY/.test(text)) {
    throw unreadable(
      `${path} is a public key, but is given as the private one`,
      'give the file of the same name without .pub as SSH_PRIVATE_KEY',
    );
  }
  if (text.startsWith('PuTTY-User-Key-File')) {
    const argv = ['puttygen', path, '-O', 'private-openssh-new', '-o', 'FILE'];
    throw unreadable(`${path} is a key in PuTTY's format`, `convert it: ${displayArgv(argv)}`);
  }
  if (!/^\uFEFF?-----BEGIN [\w ]*PRIVATE KEY-----/m.test(text)) {
    throw unreadable(`${path} is not a private SSH key`, 'make one: ssh-keygen -t ed25519 -N "" -f FILE');
  }
}

/** ssh ignores a key that others may read, if the user owns it (OpenSSH, authfile.c, sshkey_perm_ok). */
function refuseOpenPermissions({ path, mode, ownerId }: KeyFile): void {
  if ((mode & 0o077) === 0 || ownerId !== process.getuid?.()) return;
  throw unreadable(
    `${path} has the permissions ${mode.toString(8).padStart(4, '0')}, and ssh refuses keys that others may read`,
    `${displayArgv(['chmod', '600', path])}; where that has no effect (some mounts), copy the key to another folder first`,
  );
}

async function derivePublicKey(file: KeyFile, signal: AbortSignal | undefined): Promise<PublicKey> {
  try {
    // The empty passphrase is given, so that ssh-keygen does not ask for one on the terminal.
    const line = await sshKeygen(['-y', '-P', '', '-f', file.path], signal);
    const key = parsePublicKeyLine(line);
    if (key === undefined)
      throw unreadable(`ssh-keygen derived no public key from ${file.path}`, 'try another key');
    return key;
  } catch (thrown) {
    if (!(thrown instanceof ProcessError) || thrown.failure !== 'exited') throw thrown;
    throw explainRefusal(file, thrown);
  }
}

function explainRefusal({ path, text }: KeyFile, refusal: ProcessError): BuilderError {
  if (refusal.tail.some((line) => line.includes('passphrase'))) {
    const copy = displayArgv(['ssh-keygen', '-p', '-N', '', '-f', 'COPY']);
    return new BuilderError(
      'key-passphrase',
      `${path} is protected by a passphrase, which Packer and Ansible cannot ask for`,
      { hint: `copy the key, take the passphrase off the copy (${copy}) and give the copy`, cause: refusal },
    );
  }
  const flaw = visibleFlaw(text);
  return unreadable(
    `${path} is not a private key that ssh can read${flaw === undefined ? '' : `: ${flaw}`}`,
    'give the key file as ssh-keygen wrote it; a key often breaks when it is pasted or passed through a variable',
    refusal,
  );
}

/** Why ssh refuses a text that looks like a key; it says no more than "error in libcrypto" itself. */
function visibleFlaw(text: string): string | undefined {
  if (text.startsWith('\uFEFF')) return 'it starts with a byte order mark';
  if (text.includes('\r')) return 'its lines end as on Windows (CR LF)';
  if (!/-----END [\w ]*PRIVATE KEY-----/.test(text)) return 'its end is cut off';
  if (!text.endsWith('\n')) return 'its last line has no line end';
  return undefined;
}

function unreadable(message: string, hint: string, cause?: unknown): BuilderError {
  return new BuilderError('key-unreadable', message, { hint, cause });
}
