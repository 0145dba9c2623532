import { BuilderError } from '../errors.ts';
import { Guest, type GuestFile } from '../guest/guest.ts';
import { openBytes } from '../guest/open-guest.ts';
import { findRoot } from '../guest/root.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { Scope } from '../system/scope.ts';

/** The files on an image's disk that no image should have, or why it cannot be told. */
export type DiskLeftovers = { readonly paths: readonly string[] } | { readonly unread: string };

/**
 * Looks for what a build left on a disk that no machine has been started from yet: a machine that runs cannot tell the
 * lines of its own log from those that the log came with. Fails with `ProcessError` when QEMU cannot open the disk.
 */
export async function readLeftovers(disk: DiskFile, signal: AbortSignal): Promise<DiskLeftovers> {
  await using scope = new Scope();
  try {
    // Named so that no folder of this host gets into the record.
    const bytes = { ...(await openBytes(scope, disk, signal)), name: 'the disk' };
    const { fileSystem, startBytes } = await findRoot(bytes);
    return { paths: await leftoversIn(new Guest(bytes.name, fileSystem, startBytes)) };
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof BuilderError && thrown.code.startsWith('guest-')) return { unread: thrown.message };
    throw thrown;
  }
}

async function leftoversIn(guest: Guest): Promise<readonly string[]> {
  const homes = homesIn((await guest.readText('/etc/passwd')) ?? '');
  const paths: string[] = [];
  for await (const file of guest.files()) if (isLeftover(file, homes)) paths.push(file.path);
  return paths;
}

/** The folders of a passwd(5) in which somebody may have left something. */
function homesIn(passwd: string): readonly string[] {
  const homes = passwd.split('\n').map((line) => line.split(':')[5] ?? '');
  return [...new Set(homes)].filter(
    (home) => home.startsWith('/') && home !== '/' && home !== '/nonexistent',
  );
}

/** Where no file may be: below these, or in a home. guest/facts.sh looks for the same. */
const NO_FILE = /^\/(?:var\/lib\/cloud|tmp|var\/tmp)\//;
const NO_FILE_AT_HOME = /^\.ansible\//;
/** Where a file may be, as long as nothing is in it. */
const EMPTY_FILE = /^\/var\/(?:log\/|lib\/(?:dhcp|dhclient|dhcpcd|NetworkManager)\/.*lease)/;
const EMPTY_FILE_AT_HOME =
  /^(?:\.[^/]*_history|\.aws\/.*|\.kube\/.*|\.docker\/config\.json|\.netrc|\.git-credentials)$/;
/** Keys of the user's own, as against those of others and of hosts. */
const PRIVATE_KEY_AT_HOME = /^\.ssh\/(?!authorized_keys|known_hosts$|config$)(?!.*\.pub$)/;

/** Whether a file is a build's trace, or a credential. */
export function isLeftover(
  { path, type, sizeBytes }: Pick<GuestFile, 'path' | 'type' | 'sizeBytes'>,
  homes: readonly string[],
): boolean {
  if (type !== 'file') return false;
  const isEmpty = sizeBytes === 0;
  if (NO_FILE.test(path) || (!isEmpty && EMPTY_FILE.test(path))) return true;
  return homes.some((home) => {
    if (!path.startsWith(`${home}/`)) return false;
    const atHome = path.slice(home.length + 1);
    if (NO_FILE_AT_HOME.test(atHome)) return true;
    return !isEmpty && (EMPTY_FILE_AT_HOME.test(atHome) || PRIVATE_KEY_AT_HOME.test(atHome));
  });
}
