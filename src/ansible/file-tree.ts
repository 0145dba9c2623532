import { closeSync, type Dirent, openSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

export type FileKind = 'file' | 'folder';

/** What no tool reads as input: version control, compiled Python, editors' back-ups, Ansible's lists of failed hosts. */
const NEVER = /^(\.git|__pycache__)$|\.pyc$|~$|^\..*\.sw[a-p]$|\.retry$/;

/**
 * The files of a machine, each looked at once: answers and contents are kept. The calls are synchronous, since a plan
 * asks hundreds of short questions one after another and promises would cost it more than the disk does.
 */
export class FileTree {
  readonly #kinds = new Map<string, FileKind | undefined>();
  readonly #texts = new Map<string, string>();
  readonly #files = new Map<string, readonly string[]>();

  /** What is at a path, links followed; nothing for a broken link, a device or a socket. */
  kindOf(path: string): FileKind | undefined {
    if (!this.#kinds.has(path)) this.#kinds.set(path, kindOnDisk(path));
    return this.#kinds.get(path);
  }

  /** Every file under a folder, as paths relative to it. Links are followed, but not back into a folder on the way down. */
  filesUnder(folder: string): readonly string[] {
    const known = this.#files.get(folder) ?? this.#walk(folder, '', []);
    this.#files.set(folder, known);
    return known;
  }

  /** The names of the files in one folder that match a pattern of the shell (`*`, `?`, `[…]`), sorted. */
  namesMatching(folder: string, pattern: string): string[] {
    if (this.kindOf(folder) !== 'folder') return [];
    const matcher = shellPattern(pattern);
    const names = readdirSync(folder).filter((name) => matcher.test(name) && !NEVER.test(name));
    return names.filter((name) => this.kindOf(join(folder, name)) === 'file').sort();
  }

  /** The text of a file. Throws the system's error. */
  text(path: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = readFileSync(path, 'utf8');
    this.#texts.set(path, text);
    return text;
  }

  #walk(folder: string, inside: string, way: readonly string[]): string[] {
    const real = realpathSync.native(join(folder, inside));
    if (way.includes(real)) return [];
    const entries = readdirSync(real, { withFileTypes: true }).filter(({ name }) => !NEVER.test(name));
    return entries.flatMap((entry) => {
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      const kind = entry.isSymbolicLink() ? this.kindOf(join(folder, path)) : kindOfEntry(entry);
      return kind === 'folder' ? this.#walk(folder, path, [...way, real]) : kind === 'file' ? [path] : [];
    });
  }
}

/** Throws the system's error when a file cannot be read. */
export function requireReadable(path: string): void {
  closeSync(openSync(path, 'r'));
}

function kindOfEntry(entry: Dirent): FileKind | undefined {
  if (entry.isDirectory()) return 'folder';
  return entry.isFile() ? 'file' : undefined;
}

function kindOnDisk(path: string): FileKind | undefined {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) return 'folder';
    return stats?.isFile() === true ? 'file' : undefined;
  } catch {
    return undefined; // a loop of links, a name that is too long, a file where a folder should be
  }
}

/** As Python's glob: a leading dot must be written out. */
function shellPattern(pattern: string): RegExp {
  const body = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace('[!', '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.|+()[\]{}/]/, '\\$&');
  });
  return new RegExp(`^${basename(pattern).startsWith('.') ? '' : '(?!\\.)'}${body}$`, 's');
}
