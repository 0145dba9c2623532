import { BuilderError } from '../errors.ts';
import { exists } from '../system/files.ts';
import { readKeyFile } from './key-file.ts';
import { makeKeyPair, ownPairPaths } from './make-key.ts';
import { readPrivateKey } from './private-key.ts';
import { type PublicKey, parsePublicKeyFile } from './public-key.ts';

/** What the user gave, as absolute paths. */
export interface KeyRequest {
  readonly privateKey: string | undefined;
  readonly publicKey: string | undefined;
  /** Where a pair is made, and found again, when none is given. */
  readonly folder: string;
}

/** A pair that is there, and that was found to work. */
export interface KeyPair {
  readonly privateKeyPath: string;
  /** The public key's file; undefined when the key was derived: nothing is written beside a user's own key. */
  readonly publicKeyPath: string | undefined;
  /** The public key as one line of `authorized_keys`. */
  readonly publicKey: string;
  /** Whether the public key was computed from the private one, and not read from a file. */
  readonly derived: boolean;
}

/** What would be done: make a pair, use again the one that was made before, or use what the user gave. */
export type KeyPlan =
  | { readonly action: 'make'; readonly privateKeyPath: string; readonly publicKeyPath: string }
  | ({ readonly action: 'reuse' | 'use' } & KeyPair);

/** The pair to use, and whether it was made just now: then the user must be told where it is. */
export type PreparedKeys = KeyPair & { readonly made: boolean };

/**
 * Finds out which keys would be used, and checks them as thoroughly as a build does, but writes nothing (for the plan
 * and the doctor; some 10 ms). Fails with `key-missing`, `key-unreadable`, `key-passphrase` or `key-mismatch`.
 */
export async function resolveKeys(request: KeyRequest, signal?: AbortSignal): Promise<KeyPlan> {
  const { privateKey, publicKey, folder } = request;
  if (publicKey !== undefined) {
    const pair = await checkPair(privateKey ?? (await siblingOf(publicKey)), publicKey, signal);
    return { action: 'use', ...pair };
  }
  if (privateKey !== undefined) return { action: 'use', ...(await derivePair(privateKey, signal)) };
  const own = ownPairPaths(folder);
  if (!(await exists(own.privateKeyPath))) return { action: 'make', ...own };
  return { action: 'reuse', ...(await derivePair(own.privateKeyPath, signal)) };
}

/** As `resolveKeys`, and makes the pair when one is to be made. */
export async function prepareKeys(request: KeyRequest, signal?: AbortSignal): Promise<PreparedKeys> {
  const plan = await resolveKeys(request, signal);
  if (plan.action !== 'make') return { ...plan, made: false };
  await makeKeyPair(request.folder, signal);
  const pair = await derivePair(plan.privateKeyPath, signal);
  return { ...pair, publicKeyPath: plan.publicKeyPath, made: true };
}

async function derivePair(privateKeyPath: string, signal: AbortSignal | undefined): Promise<KeyPair> {
  const { line } = await readPrivateKey(privateKeyPath, signal);
  return { privateKeyPath, publicKeyPath: undefined, publicKey: line, derived: true };
}

async function checkPair(
  privateKeyPath: string,
  publicKeyPath: string,
  signal: AbortSignal | undefined,
): Promise<KeyPair> {
  const { text } = await readKeyFile(publicKeyPath, 'public key');
  const given = parsePublicKeyFile(text, publicKeyPath);
  const real = await readPrivateKey(privateKeyPath, signal);
  if (given.blob !== real.blob) throw mismatch(publicKeyPath, given, privateKeyPath, real);
  return { privateKeyPath, publicKeyPath, publicKey: given.line, derived: false };
}

function mismatch(
  publicKeyPath: string,
  given: PublicKey,
  privateKeyPath: string,
  real: PublicKey,
): BuilderError {
  const [givenEnd, realEnd] = [given, real].map(({ type, blob }) => `${type} …${blob.slice(-12)}`);
  return new BuilderError(
    'key-mismatch',
    `the public key ${publicKeyPath} (${givenEnd}) does not belong to the private key ${privateKeyPath} (${realEnd})`,
    { hint: 'leave SSH_PUBLIC_KEY out: the right public key is derived from the private one' },
  );
}

/** The private key beside a public one: the same name without `.pub`. */
async function siblingOf(publicKeyPath: string): Promise<string> {
  const sibling = publicKeyPath.replace(/\.pub$/, '');
  if (sibling !== publicKeyPath && (await exists(sibling))) return sibling;
  // A wrong file is worth more words than a missing one.
  parsePublicKeyFile((await readKeyFile(publicKeyPath, 'public key')).text, publicKeyPath);
  const looked = sibling === publicKeyPath ? 'its name does not end in .pub' : `${sibling} does not exist`;
  throw new BuilderError(
    'key-missing',
    `SSH_PUBLIC_KEY is given without SSH_PRIVATE_KEY, and no private key lies beside it: ${looked}`,
    { hint: 'give the private key as SSH_PRIVATE_KEY; Packer and Ansible log in with it' },
  );
}
