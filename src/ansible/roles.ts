import { basename, join, sep } from 'node:path';
import type { AnsibleConfig } from './config.ts';
import type { FileTree } from './file-tree.ts';

export interface Role {
  /** As people know it: `docker`, `ns.collection.docker`; the last part of a path. */
  readonly name: string;
  /** Absolute folder. */
  readonly path: string;
  /** The collection that it is part of. */
  readonly collection: Collection | undefined;
}

export interface Collection {
  readonly name: string;
  readonly path: string;
}

const COLLECTION_NAME = /^([a-z_]\w*\.[a-z_]\w*)\.([\w.]+)$/;
/** At the top of a role: for people and for the role's own tests. */
const NOT_READ = /^(README|CHANGELOG|LICENSE)[^/]*$|^(molecule|tests)\//;

/** Where roles and collections are looked for. */
export class RoleFinder {
  readonly #config: AnsibleConfig;
  readonly #tree: FileTree;

  constructor(config: AnsibleConfig, tree: FileTree) {
    this.#config = config;
    this.#tree = tree;
  }

  /**
   * The role that a play, a dependency or a task names, or the places where it was looked for.
   * `neighbours` is the folder in which the role that asks stands.
   */
  role(
    name: string,
    { playbookFolder, neighbours, collections }: RoleSearch,
  ): Role | { readonly searched: readonly string[] } {
    const collectionRole = this.#collectionRole(name, playbookFolder, collections);
    if (collectionRole !== undefined) return collectionRole;
    const folders = [
      join(playbookFolder, 'roles'),
      ...this.#config.rolesPath,
      ...(neighbours === undefined ? [] : [neighbours]),
      playbookFolder,
    ];
    const paths = name.startsWith(sep) ? [name] : folders.map((folder) => join(folder, name));
    const path = paths.find((each) => this.#tree.kindOf(each) === 'folder');
    if (path === undefined) return { searched: [...new Set(folders)] };
    return { name: basename(path), path, collection: undefined };
  }

  /** A collection that is installed where Ansible looks for it. */
  collection(name: string, playbookFolder: string): Collection | undefined {
    const paths = [join(playbookFolder, 'collections'), ...this.#config.collectionsPath].map((folder) =>
      join(
        folder,
        basename(folder) === 'ansible_collections' ? '' : 'ansible_collections',
        ...name.split('.'),
      ),
    );
    const path = paths.find((each) => this.#tree.kindOf(each) === 'folder');
    return path === undefined ? undefined : { name, path };
  }

  /** The files of a role, relative to it. */
  filesOf(role: Role): string[] {
    return this.#tree.filesUnder(role.path).filter((path) => !NOT_READ.test(path));
  }

  /** The first file of `tasks/main.yml`, `tasks/main.yaml`, … in Ansible's order; `from` is the name that tasks_from gives. */
  entryFile(role: Role, folder: string, from?: string): string | undefined {
    const base = join(role.path, folder, from ?? 'main');
    return candidates(base, from).find((path) => this.#tree.kindOf(path) === 'file');
  }

  /** The same for variables, which may also be a folder of files. */
  variableFiles(role: Role, folder: 'vars' | 'defaults', from?: string): string[] {
    const base = join(role.path, folder, from ?? 'main');
    const path = candidates(base, from).find((each) => this.#tree.kindOf(each) !== undefined);
    if (path === undefined) return [];
    return this.#tree.kindOf(path) === 'file'
      ? [path]
      : this.#tree.filesUnder(path).map((name) => join(path, name));
  }

  #collectionRole(name: string, playbookFolder: string, searched: readonly string[]): Role | undefined {
    const [, collection, role] = COLLECTION_NAME.exec(name) ?? [];
    const wanted =
      collection !== undefined && role !== undefined
        ? [{ collection, role }]
        : searched.map((each) => ({ collection: each, role: name }));
    for (const each of wanted) {
      const found = this.collection(each.collection, playbookFolder);
      const path = found && join(found.path, 'roles', ...each.role.split('.'));
      if (path !== undefined && this.#tree.kindOf(path) === 'folder') {
        return { name: `${each.collection}.${each.role}`, path, collection: found };
      }
    }
    return undefined;
  }
}

export interface RoleSearch {
  readonly playbookFolder: string;
  readonly neighbours: string | undefined;
  /** Collections whose roles may be named without them. */
  readonly collections: readonly string[];
}

/** Without tasks_from the plain name comes last, with it first. */
function candidates(base: string, from: string | undefined): string[] {
  const named = ['.yml', '.yaml', '.json'].map((extension) => base + extension);
  return from === undefined ? [...named, base] : [base, ...named];
}
