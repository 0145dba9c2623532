import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { ReadFile } from '../ansible/playbook-reads.ts';
import type { TemplateSection } from '../packer/template.ts';
import { filesUnder } from './file-inputs.ts';
import { jsonEntries } from './variable-inputs.ts';

export interface NamedFilesContext {
  /** Relative paths start here. */
  readonly cwd: string;
  readonly templateFolder: string;
}

/** Settings that name places in the guest, which may be there on the host too. */
const OF_THE_GUEST =
  /^(destination|remote_\w+|staging_(directory|dir)|execute_command|inline_shebang|\w+_bin_dir)$/;
/** Settings whose folders are read as a whole; a folder that any other setting mentions is only a place. */
const READS_FOLDERS = /^(sources?|\w*_paths?|\w*_dirs?|\w*_director(y|ies)|cd_files)$/;
const LONGEST_PATH = 4096;
/** Programs of the system, which a variable names for the guest and not for the host. */
const SYSTEM_FOLDER = /^\/(usr|bin|sbin|lib\w*|etc|dev|proc|sys|run)\//;

/**
 * Files and folders of the host that a section (with its variables filled in) names: scripts, uploads, cookbooks, also as
 * `NAME=PATH`, and files that are named in a JSON object of variables. `playbooks` are those of them that Ansible may be
 * given. Fails with `layer-input-unreadable`.
 */
export async function namedFiles(
  section: TemplateSection,
  context: NamedFilesContext,
): Promise<{ readonly files: readonly ReadFile[]; readonly playbooks: readonly string[] }> {
  const settings = Object.entries(section).filter(([key]) => key !== 'type' && !OF_THE_GUEST.test(key));
  const places = settings.flatMap(([key, value]) => placesIn(key, value, context));
  const trees = await Promise.all(places.map(({ name, path }) => filesUnder(name, path)));
  const inVariables = settings
    .flatMap(([, value]) => textsIn(value))
    .flatMap((text) => jsonEntries(text) ?? [])
    .flatMap(([name, value]) => (isOwnFile(value) ? [{ name: `file of ${name}`, path: value }] : []));
  return {
    files: [...trees.flat(), ...inVariables],
    playbooks: places.map(({ path }) => path).filter((path) => /\.ya?ml$/.test(path)),
  };
}

function placesIn(key: string, value: unknown, context: NamedFilesContext): ReadFile[] {
  return textsIn(value).flatMap((text) => {
    const isAssigned = /^\w+=[./]/.test(text);
    const place = isAssigned ? text.slice(text.indexOf('=') + 1) : text;
    if (place === '' || place.length > LONGEST_PATH || place.includes('\n')) return [];
    if (isAssigned && SYSTEM_FOLDER.test(place)) return [];
    const path = resolve(context.cwd, place);
    const stats = statSync(path, { throwIfNoEntry: false });
    const isRead = stats?.isFile() === true || (stats?.isDirectory() === true && READS_FOLDERS.test(key));
    return isRead ? [{ name: shortName(place, context), path }] : [];
  });
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function isOwnFile(value: unknown): value is string {
  if (typeof value !== 'string' || !isAbsolute(value) || SYSTEM_FOLDER.test(value)) return false;
  return statSync(value, { throwIfNoEntry: false })?.isFile() === true;
}

function shortName(text: string, { cwd, templateFolder }: NamedFilesContext): string {
  for (const folder of [templateFolder, cwd]) {
    if (text.startsWith(`${folder}/`)) return `file ${text.slice(folder.length + 1)}`;
  }
  return `file ${text.replace(/^\.\//, '')}`;
}
