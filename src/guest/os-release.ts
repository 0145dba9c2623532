import type { Guest } from './guest.ts';

/** What an operating system calls itself: os-release(5). */
export interface OsRelease {
  /** For programs: `debian`. */
  readonly id: string;
  /** `12`; rolling distributions have none. */
  readonly versionId?: string;
  /** For people: `Debian GNU/Linux 12 (bookworm)`. */
  readonly prettyName: string;
}

const PLACES = ['/etc/os-release', '/usr/lib/os-release'];

/** Reads what an image calls itself; undefined when it does not say. */
export async function readOsRelease(guest: Guest): Promise<OsRelease | undefined> {
  for (const place of PLACES) {
    const text = await guest.readText(place);
    if (text !== undefined) return parseOsRelease(text);
  }
  return undefined;
}

/** Parses the text of an os-release; what it leaves out is as os-release(5) says. */
export function parseOsRelease(text: string): OsRelease {
  const values = new Map(
    text.split('\n').flatMap((line) => {
      const [, key, value] = /^\s*([A-Z0-9_]+)=(.*?)\s*$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unquoted(value)] as const];
    }),
  );
  const versionId = values.get('VERSION_ID');
  return {
    id: values.get('ID') ?? 'linux',
    ...(versionId === undefined ? {} : { versionId }),
    prettyName: values.get('PRETTY_NAME') ?? values.get('NAME') ?? 'Linux',
  };
}

/** Values are quoted as in a shell. */
function unquoted(value: string): string {
  const [, inner = value] = /^(["'])(.*)\1$/.exec(value)?.slice(1) ?? [];
  return value.startsWith("'") ? inner : inner.replaceAll(/\\([\\"'`$])/g, '$1');
}
