import { posix } from 'node:path';
import type { Guest, GuestFile } from './guest.ts';

/** A unit of systemd as the image's files have it: systemd.unit(5). */
export interface Unit {
  readonly name: string;
  /** The file that counts; an instance of a template (`getty@tty1.service`) has none of its own. */
  readonly file?: string;
  /**
   * `enabled`: something in /etc starts it. `masked`: it cannot be started. `off`: nothing in /etc starts it; what stands
   * in other units' files is not looked at.
   */
  readonly state: 'enabled' | 'masked' | 'off';
  /** The units and aliases that start it, in order: `multi-user.target`. */
  readonly enabledBy: readonly string[];
}

const OWN_FOLDER = '/etc/systemd/system';
/** The first folder that has a unit's file wins. Without /usr merged, Debian has both of the last. */
const FOLDERS = [
  OWN_FOLDER,
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];
const UNIT = /\.(service|socket|target|timer|mount|automount|path|slice|swap|device|scope)$/;
/** Folders of links, by what made them: WantedBy=, RequiredBy=, UpheldBy=. */
const STARTER = /^(?<unit>.+)\.(wants|requires|upholds)$/;

/** Reads which units an image has, in the order of their names, and which of them it starts. */
export async function readUnits(guest: Guest): Promise<readonly Unit[]> {
  const files = await unitFiles(guest);
  const own = await guest.list(OWN_FOLDER);
  const starters = await startersIn(guest, own);
  const names = [...new Set([...files.keys(), ...starters.keys()])].sort();
  return names.map((name) => {
    const file = files.get(name);
    const enabledBy = [...(starters.get(name) ?? [])].sort();
    return {
      name,
      ...(file === undefined ? {} : { file: file.path }),
      state: isMasked(file) ? 'masked' : enabledBy.length > 0 ? 'enabled' : 'off',
      enabledBy,
    };
  });
}

/** systemd.unit(5): by a link to /dev/null, or by a file that is empty. */
function isMasked(file: GuestFile | undefined): boolean {
  return file?.type === 'link' ? file.target === '/dev/null' : file?.type === 'file' && file.sizeBytes === 0;
}

/** By name, the file of each unit that counts. */
async function unitFiles(guest: Guest): Promise<ReadonlyMap<string, GuestFile>> {
  const files = new Map<string, GuestFile>();
  for (const folder of FOLDERS) {
    for (const file of await guest.list(folder)) {
      const name = posix.basename(file.path);
      if (!files.has(name) && file.type !== 'folder' && UNIT.test(name)) files.set(name, file);
    }
  }
  return files;
}

/** By name, what starts each unit: folders of links, and other names for it. */
async function startersIn(
  guest: Guest,
  own: readonly GuestFile[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const starters = new Map<string, Set<string>>();
  const add = (unit: string, starter: string): void => {
    starters.set(unit, (starters.get(unit) ?? new Set()).add(starter));
  };
  for (const { path, type, target } of own) {
    const name = posix.basename(path);
    const starter = STARTER.exec(name)?.groups?.['unit'];
    if (type === 'folder' && starter !== undefined) {
      for (const link of await guest.list(path)) add(posix.basename(link.path), starter);
    }
    const meant = posix.basename(target ?? '');
    if (type === 'link' && UNIT.test(meant) && meant !== name) add(meant, name);
  }
  return starters;
}
