import { dirname, join, relative } from 'node:path';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { type FileTree, requireReadable } from './file-tree.ts';
import { type Node, parseYaml, YamlProblem } from './yaml-nodes.ts';

/** One file that counts, under the name that people know it by. */
export interface ReadFile {
  /** For people, stable across machines: `role docker: files/daemon.json`, `group_vars/all.yml`. */
  readonly name: string;
  /** Absolute. */
  readonly path: string;
}

/** What was found so far: files that count, and what could not be known. */
export class Findings {
  readonly #root: string;
  readonly #tree: FileTree;
  readonly #names = new Map<string, string>();
  readonly #unknown = new Set<string>();

  /** `root` is the folder of the playbook, which names are relative to. */
  constructor(root: string, tree: FileTree) {
    this.#root = root;
    this.#tree = tree;
  }

  /** A path for people: relative to the playbook's folder, unless it is far from it. */
  display(path: string): string {
    const short = relative(this.#root, path);
    return short.startsWith('../../../') ? path : short;
  }

  /** Counts a file, or every file of a folder. What is counted already keeps its name. */
  count(path: string, name: string): void {
    const kind = this.#tree.kindOf(path);
    if (kind === 'folder') {
      for (const file of this.#tree.filesUnder(path)) this.#add(join(path, file), `${name}/${file}`);
    } else if (kind === 'file') this.#add(path, name);
  }

  /** Counts a file that Ansible cannot do without. `asked` says who names it: `site.yml:4`. */
  require(path: string, name: string, asked: string): void {
    if (this.#tree.kindOf(path) === undefined) {
      throw unreadable(`${name} is not there: ${path} (${asked})`);
    }
    this.count(path, name);
  }

  /** More may be read than could be found: `what` is written at a line of a file. */
  addUnknown(file: string, line: number, what: string, why = ''): void {
    this.#unknown.add(`${this.display(file)}:${line}: ${oneLine(what)}${why}`);
  }

  /** The files by name, each path once, and the reasons, both sorted. Fails when a file cannot be read. */
  result(): { files: ReadFile[]; unknown: string[] } {
    if (this.#unknown.size > 0) this.#countEverything();
    const files = [...this.#names].map(([path, name]) => ({ name, path }));
    for (const file of files) this.#checkReadable(file);
    return {
      files: withDistinctNames(files, (path) => this.display(path)),
      unknown: [...this.#unknown].sort(byText),
    };
  }

  #add(path: string, name: string): void {
    if (!this.#names.has(path)) this.#names.set(path, name);
  }

  #countEverything(): void {
    for (const file of this.#tree.filesUnder(this.#root)) this.#add(join(this.#root, file), `file ${file}`);
  }

  #checkReadable({ name, path }: ReadFile): void {
    try {
      requireReadable(path);
    } catch (thrown) {
      throw readFailure(name, thrown);
    }
  }
}

/**
 * The YAML documents of a file that Ansible reads; `encrypted` when Ansible Vault keeps them. `name` is the one that
 * people know the file by.
 */
export function readYaml(tree: FileTree, path: string, name: string): readonly Node[] | 'encrypted' {
  try {
    const text = tree.text(path);
    return text.startsWith('$ANSIBLE_VAULT;') ? 'encrypted' : parseYaml(text);
  } catch (thrown) {
    if (!(thrown instanceof YamlProblem)) throw readFailure(name, thrown);
    throw unreadable(`${name}:${thrown.line} is not YAML: ${oneLine(thrown.message)}`, thrown);
  }
}

function readFailure(name: string, thrown: unknown): unknown {
  if (systemCode(thrown) === undefined) return thrown;
  return unreadable(`${name} cannot be read: ${asError(thrown).message}`, thrown);
}

export function unreadable(message: string, cause?: unknown): BuilderError {
  return new BuilderError('layer-input-unreadable', message, {
    hint: 'put the file there, or correct the playbook: ansible-playbook would fail on it too',
    cause,
  });
}

/** Two files of one name are told apart by their paths. */
function withDistinctNames(files: readonly ReadFile[], display: (path: string) => string): ReadFile[] {
  const uses = new Map<string, number>();
  for (const { name } of files) uses.set(name, (uses.get(name) ?? 0) + 1);
  const named = files.map(({ name, path }) => ({
    name: uses.get(name) === 1 ? name : `${name} (${display(dirname(path))})`,
    path,
  }));
  return named.sort((one, other) => byText(one.name, other.name) || byText(one.path, other.path));
}

function byText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

const LONGEST = 100;
function oneLine(text: string): string {
  const line = text.trim().replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
