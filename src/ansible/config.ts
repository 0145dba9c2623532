import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { FileTree } from './file-tree.ts';

/** Where ansible-playbook runs. */
export interface AnsibleHost {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The settings of Ansible that name files; all paths are absolute. */
export interface AnsibleConfig {
  /** The ansible.cfg in force. */
  readonly file: string | undefined;
  readonly rolesPath: readonly string[];
  readonly collectionsPath: readonly string[];
  /** Folders of modules and plugins besides the ones that stand beside playbooks. */
  readonly pluginFolders: readonly string[];
  readonly inventories: readonly string[];
  readonly passwordFiles: readonly string[];
}

interface Setting {
  readonly environment: readonly string[];
  readonly keys: readonly string[];
}

const ROLES: Setting = { environment: ['ANSIBLE_ROLES_PATH'], keys: ['roles_path'] };
const COLLECTIONS: Setting = {
  environment: ['ANSIBLE_COLLECTIONS_PATHS', 'ANSIBLE_COLLECTIONS_PATH'],
  keys: ['collections_paths', 'collections_path'],
};
const INVENTORY: Setting = { environment: ['ANSIBLE_INVENTORY'], keys: ['inventory'] };
const PASSWORDS: readonly Setting[] = ['vault', 'become', 'connection'].map((kind) => ({
  environment: [`ANSIBLE_${kind.toUpperCase()}_PASSWORD_FILE`],
  keys: [`${kind}_password_file`],
}));
const VAULT_IDS: Setting = { environment: ['ANSIBLE_VAULT_IDENTITY_LIST'], keys: ['vault_identity_list'] };

/** The plugins of Ansible 2.14 by the name of their default folder (config/base.yml there). */
const PLUGIN_KINDS = [
  'action',
  'become',
  'cache',
  'callback',
  'cliconf',
  'connection',
  'filter',
  'httpapi',
  'inventory',
];
const MORE_PLUGIN_KINDS = ['lookup', 'netconf', 'strategy', 'terminal', 'test', 'vars'];
const PLUGINS: readonly (readonly [folder: string, setting: Setting])[] = [
  ['modules', { environment: ['ANSIBLE_LIBRARY'], keys: ['library'] }],
  ['module_utils', { environment: ['ANSIBLE_MODULE_UTILS'], keys: ['module_utils'] }],
  ['doc_fragments', { environment: ['ANSIBLE_DOC_FRAGMENT_PLUGINS'], keys: ['doc_fragment_plugins'] }],
  ...[...PLUGIN_KINDS, ...MORE_PLUGIN_KINDS].map(
    (kind) =>
      [kind, { environment: [`ANSIBLE_${kind.toUpperCase()}_PLUGINS`], keys: [`${kind}_plugins`] }] as const,
  ),
];

/** The folders that Ansible loads plugins from when they stand beside a playbook. */
export const PLUGIN_FOLDERS: readonly string[] = [
  'library',
  'module_utils',
  'doc_fragments',
  ...[...PLUGIN_KINDS, ...MORE_PLUGIN_KINDS].map((kind) => `${kind}_plugins`),
];

/** Finds the ansible.cfg in force and reads what names files in it and in the environment. */
export function readConfig(host: AnsibleHost, tree: FileTree): AnsibleConfig {
  const file = configFile(host, tree);
  const reader = new SettingReader(host, file, file === undefined ? new Map() : defaultsOf(tree.text(file)));
  const [home = ''] = reader.paths({ environment: ['ANSIBLE_HOME'], keys: ['home'] }) ?? [
    expand('~/.ansible', host),
  ];
  const shared = (name: string): string[] => [join(home, name), join('/usr/share/ansible', name)];
  const vaultIds = reader
    .texts(VAULT_IDS)
    .map(({ text, base }) => ({ text: text.replace(/^.*@/, ''), base }));
  return {
    file,
    rolesPath: reader.paths(ROLES) ?? [...shared('roles'), '/etc/ansible/roles'],
    collectionsPath: reader.paths(COLLECTIONS) ?? shared('collections'),
    pluginFolders: PLUGINS.flatMap(
      ([folder, setting]) => reader.paths(setting) ?? shared(join('plugins', folder)),
    ),
    inventories: reader.paths(INVENTORY, ',') ?? [],
    passwordFiles: [
      ...PASSWORDS.flatMap((setting) => reader.paths(setting) ?? []),
      ...vaultIds
        .filter(({ text }) => !/^prompt/.test(text))
        .map(({ text, base }) => expand(text, host, base)),
    ],
  };
}

/** A path as Ansible expands it: `~`, `$VARIABLE`, relative to a base folder. */
export function expand(path: string, { env, cwd }: AnsibleHost, base: string = cwd): string {
  const plain = path
    .replaceAll('{{CWD}}', cwd)
    .replace(/^~(?=\/|$)/, env['HOME'] ?? '/')
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (all, bare?: string, braced?: string) => env[bare ?? braced ?? ''] ?? all,
    );
  return isAbsolute(plain) ? resolve(plain) : resolve(base, plain);
}

/** The first that exists: the environment's, the working folder's unless everybody may write to it, the user's, the machine's. */
function configFile(host: AnsibleHost, tree: FileTree): string | undefined {
  const given = host.env['ANSIBLE_CONFIG'];
  const candidates: string[] = [];
  if (given !== undefined) {
    const path = expand(given, host);
    candidates.push(tree.kindOf(path) === 'folder' ? join(path, 'ansible.cfg') : path);
  }
  if (!isWorldWritable(host.cwd)) candidates.push(join(host.cwd, 'ansible.cfg'));
  candidates.push(expand('~/.ansible.cfg', host), '/etc/ansible/ansible.cfg');
  return candidates.find((path) => tree.kindOf(path) === 'file');
}

function isWorldWritable(folder: string): boolean {
  return ((statSync(folder, { throwIfNoEntry: false })?.mode ?? 0) & 0o002) !== 0;
}

class SettingReader {
  readonly #host: AnsibleHost;
  readonly #base: string;
  readonly #defaults: ReadonlyMap<string, string>;

  constructor(host: AnsibleHost, file: string | undefined, defaults: ReadonlyMap<string, string>) {
    this.#host = host;
    this.#base = file === undefined ? host.cwd : dirname(file);
    this.#defaults = defaults;
  }

  /** Absolute paths, or nothing when the setting is not made. The environment wins over the file. */
  paths(setting: Setting, separator = ':'): string[] | undefined {
    const texts = this.texts(setting, separator);
    if (texts.length === 0) return undefined;
    return texts.map(({ text, base }) => expand(text, this.#host, base));
  }

  texts({ environment, keys }: Setting, separator = ','): { text: string; base: string }[] {
    const given = environment.map((name) => this.#host.env[name]).find((value) => value !== undefined);
    const written = keys.map((key) => this.#defaults.get(key)).find((value) => value !== undefined);
    const base = given === undefined ? this.#base : this.#host.cwd;
    const texts = (given ?? written ?? '').split(separator).map((text) => text.trim());
    return texts.filter((text) => text !== '').map((text) => ({ text, base }));
  }
}

/** The section `[defaults]` of an ini file: `key = value` or `key: value`, going on in indented lines. */
function defaultsOf(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let [section, key] = ['', ''];
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const plain = line.replace(/\s;.*$/, '');
    const [, name] = /^\[(.+)\]/.exec(plain) ?? [];
    const [, word, value] = /^([^\s=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(plain) ?? [];
    if (name !== undefined) [section, key] = [name, ''];
    else if (section !== 'defaults') continue;
    else if (word !== undefined && value !== undefined) found.set((key = word.toLowerCase()), value);
    else if (key !== '') found.set(key, `${found.get(key) ?? ''}${plain.trim()}`);
  }
  return found;
}
