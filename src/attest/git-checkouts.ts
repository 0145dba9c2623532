import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { exists } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';

/** A git checkout that some files are in, by their names. */
export interface Checkout {
  /** Hexadecimal. */
  readonly commit: string;
  /** Address of `origin`, without user and password; undefined when it is no address. */
  readonly remote: string | undefined;
  readonly files: readonly string[];
  /** Those of the files that are not as the commit has them. */
  readonly changed: readonly string[];
}

/** Linux takes 2 MiB of arguments, and a path of 4096 bytes. */
const PATHS_AT_ONCE = 400;

interface NamedFile {
  readonly name: string;
  readonly path: string;
}

/**
 * The checkouts that files are in. One that git does not want to look into (no git, no commit, another owner) is left
 * out: a build does not need it.
 */
export async function readCheckouts(
  files: readonly NamedFile[],
  signal?: AbortSignal,
): Promise<readonly Checkout[]> {
  const tops = new Map<string, NamedFile[]>();
  const findTop = topFinder();
  for (const { name, path } of files) {
    const real = await realpath(path);
    const top = await findTop(dirname(real));
    if (top === undefined) continue;
    tops.set(top, [...(tops.get(top) ?? []), { name, path: relative(top, real) }]);
  }
  const found = await Promise.all([...tops].map(([top, inside]) => readCheckout(top, inside, signal)));
  return found
    .filter((checkout) => checkout !== undefined)
    .sort((one, other) => (one.commit < other.commit ? -1 : 1));
}

async function readCheckout(
  top: string,
  files: readonly NamedFile[],
  signal: AbortSignal | undefined,
): Promise<Checkout | undefined> {
  const commit = (await git(top, ['rev-parse', '--verify', 'HEAD'], signal))?.trim();
  const changed: NamedFile[] = [];
  for (let first = 0; first < files.length; first += PATHS_AT_ONCE) {
    const found = await changedAmong(top, files.slice(first, first + PATHS_AT_ONCE), signal);
    if (found === undefined) return undefined;
    changed.push(...found);
  }
  if (commit === undefined) return undefined;
  const origin = await git(top, ['remote', 'get-url', 'origin'], signal);
  return {
    commit,
    remote: publicAddress(origin?.trim() ?? ''),
    files: files.map(({ name }) => name),
    changed: changed.map(({ name }) => name),
  };
}

/** Those that are not as the commit has them; undefined when git refuses. */
async function changedAmong(
  top: string,
  files: readonly NamedFile[],
  signal: AbortSignal | undefined,
): Promise<readonly NamedFile[] | undefined> {
  // What is ignored is not in the commit either, though it may be read.
  const what = ['--no-renames', '--untracked-files=all', '--ignored=matching'];
  const paths = files.map(({ path }) => path);
  const status = await git(top, ['status', '--porcelain', '-z', ...what, '--', ...paths], signal);
  const changes = status?.split('\0').map((entry) => entry.slice('XY '.length));
  const isChanged = ({ path }: NamedFile): boolean =>
    changes?.some((change) => change === path || (change.endsWith('/') && path.startsWith(change))) === true;
  return changes && files.filter(isChanged);
}

/** The address of a repository as a URI, without what may be secret in it; undefined for a path. */
export function publicAddress(remote: string): string | undefined {
  const [, host, path] = /^(?:[^@/:]+@)?([\w.-]+):(?!\/\/|:)(.+)$/.exec(remote) ?? [];
  const address =
    host === undefined || path === undefined ? remote : `ssh://${host}/${path.replace(/^\/+/, '')}`;
  if (!/^(https?|ssh|git):\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  return `git+${url.protocol}//${url.host.toLowerCase()}${url.pathname}`;
}

/** The nearest folder upwards that git's own folder (or, in a worktree, file) lies in; answers are kept. */
function topFinder(): (folder: string) => Promise<string | undefined> {
  const known = new Map<string, Promise<string | undefined>>();
  const search = async (folder: string): Promise<string | undefined> => {
    if (await exists(join(folder, '.git'))) return folder;
    return dirname(folder) === folder ? undefined : find(dirname(folder));
  };
  const find = (folder: string): Promise<string | undefined> => {
    const answer = known.get(folder) ?? search(folder);
    known.set(folder, answer);
    return answer;
  };
  return find;
}

/** What git prints; undefined when it refuses, or is not there. It writes nothing and runs no program of the checkout. */
async function git(
  top: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  const env = { ...Object.fromEntries(inherited), GIT_OPTIONAL_LOCKS: '0' };
  const argv = ['git', '--literal-pathspecs', '-C', top, '-c', 'core.fsmonitor=false', ...args];
  try {
    return (await run(argv, { env, ...(signal === undefined ? {} : { signal }) })).stdout;
  } catch (thrown) {
    if (thrown instanceof ProcessError) return undefined;
    throw thrown;
  }
}
