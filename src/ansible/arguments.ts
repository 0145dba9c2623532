import { shortForm } from './words.ts';
import { type Node, parseYaml, scalar } from './yaml-nodes.ts';

/** What the arguments of ansible-playbook name, as they are given. */
export interface AnsibleArguments {
  /** What `-e` gives, in order: a later one wins. */
  readonly extraVariables: readonly ExtraVariables[];
  readonly passwordFiles: readonly string[];
  /** Files and folders of `-i`; a list of hosts is not among them. */
  readonly inventories: readonly string[];
  /** Folders of `-M`. */
  readonly moduleFolders: readonly string[];
}

/** `-e x=1`, or the file of `-e @file`. */
export type ExtraVariables = { readonly file: string } | { readonly values: ReadonlyMap<string, Node> };

type Kind = 'variables' | 'password' | 'vault-id' | 'inventory' | 'modules' | 'limit';

const OPTIONS: Readonly<Partial<Record<string, Kind>>> = {
  '-e': 'variables',
  '--extra-vars': 'variables',
  '--vault-password-file': 'password',
  '--vault-pass-file': 'password',
  '--become-password-file': 'password',
  '--become-pass-file': 'password',
  '--connection-password-file': 'password',
  '--conn-pass-file': 'password',
  '--vault-id': 'vault-id',
  '-i': 'inventory',
  '--inventory': 'inventory',
  '--inventory-file': 'inventory',
  '-M': 'modules',
  '--module-path': 'modules',
  '-l': 'limit',
  '--limit': 'limit',
};

/** Reads the arguments as Python's argparse does: `-e x`, `-ex`, `--extra-vars x`, `--extra-vars=x`. */
export function readArguments(given: readonly string[]): AnsibleArguments {
  const values = optionValues(given);
  const of = (kind: Kind): string[] => values.filter((each) => each.kind === kind).map(({ value }) => value);
  const afterAt = (texts: string[]): string[] =>
    texts.filter((text) => text.startsWith('@')).map((text) => text.slice(1));
  const vaultFiles = of('vault-id').map((id) => id.slice(id.indexOf('@') + 1));
  return {
    extraVariables: of('variables').map((text) =>
      text.startsWith('@') ? { file: text.slice(1) } : { values: variablesOf(text) },
    ),
    passwordFiles: [
      ...of('password'),
      ...vaultFiles.filter((name) => !/^prompt/.test(name)),
      ...afterAt(of('limit')),
    ],
    inventories: of('inventory').filter((name) => !name.includes(',')),
    moduleFolders: of('modules').flatMap((folders) => folders.split(':')),
  };
}

function optionValues(given: readonly string[]): { kind: Kind; value: string }[] {
  const found: { kind: Kind; value: string }[] = [];
  for (let index = 0; index < given.length; index++) {
    const argument = given[index] ?? '';
    const [, option = '', attached] = /^(--[^=]+|-[a-zA-Z])=?([\s\S]+)?$/.exec(argument) ?? [];
    const kind = OPTIONS[option];
    if (kind === undefined) continue;
    const value = attached ?? (argument.endsWith('=') ? '' : given[++index]);
    if (value !== undefined) found.push({ kind, value });
  }
  return found;
}

/** `{"json": 1}`, or `key=value key2='a b'`. */
function variablesOf(text: string): ReadonlyMap<string, Node> {
  if (!/^\s*[[{]/.test(text)) {
    return new Map([...shortForm(text).named].map(([key, value]) => [key, scalar(value)]));
  }
  try {
    const [document] = parseYaml(text);
    return document?.kind === 'map' ? document.entries : new Map<string, Node>();
  } catch {
    return new Map(); // Ansible says what is wrong with it, before it does anything
  }
}
