import { link, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { temporaryFolder, writeFileWhole } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { sshKeygen } from './ssh-keygen.ts';

/** Where a pair lies; the public file is for people, the program always derives the key from the private one. */
export interface KeyPairPaths {
  readonly privateKeyPath: string;
  readonly publicKeyPath: string;
}

/** Our own pair in a folder. The name is one that nobody's own key has in a folder of keys. */
export function ownPairPaths(folder: string): KeyPairPaths {
  const privateKeyPath = join(folder, 'netsil-builder_ed25519');
  return { privateKeyPath, publicKeyPath: `${privateKeyPath}.pub` };
}

/**
 * Makes a pair (ed25519, 0600, no passphrase) in a folder that is made (0700) when it is missing. A pair that another
 * process makes meanwhile is kept, so that both use the same one. Fails with `key-missing` when nothing can be written.
 */
export async function makeKeyPair(folder: string, signal?: AbortSignal): Promise<void> {
  try {
    await mkdir(dirname(folder), { recursive: true });
    await mkdir(folder, { mode: 0o700 }).catch(ignoring('EEXIST'));
    await using scope = new Scope();
    const made = join(await temporaryFolder(scope, folder), 'key');
    await sshKeygen(['-q', '-t', 'ed25519', '-N', '', '-C', 'netsil-builder', '-f', made], signal);
    const { privateKeyPath, publicKeyPath } = ownPairPaths(folder);
    if (!(await placeOnce(made, privateKeyPath))) return;
    await writeFileWhole(publicKeyPath, await readFile(`${made}.pub`));
  } catch (thrown) {
    if (systemCode(thrown) === undefined || thrown instanceof BuilderError) throw thrown;
    throw new BuilderError(
      'key-missing',
      `no SSH key is given, and none can be made in ${folder}: ${asError(thrown).message}`,
      {
        hint: 'make the folder writable, or give a key by SSH_PRIVATE_KEY or --ssh-private-key',
        cause: thrown,
      },
    );
  }
}

/** Gives a whole file its final name, unless something has that name already. Says whether it did. */
async function placeOnce(source: string, target: string): Promise<boolean> {
  try {
    await link(source, target);
    return true;
  } catch (thrown) {
    if (systemCode(thrown) === 'EEXIST') return false;
    // Some mounts (folders shared with a desktop machine) have no hard links.
    await rename(source, target);
    return true;
  }
}

function ignoring(code: string): (thrown: unknown) => void {
  return (thrown) => {
    if (systemCode(thrown) !== code) throw thrown;
  };
}
