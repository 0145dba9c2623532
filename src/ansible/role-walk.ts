import { dirname, join } from 'node:path';
import type { AnsibleContext } from './context.ts';
import type { Written } from './needs.ts';
import type { Role } from './roles.ts';
import type { Place } from './search.ts';
import { type RoleTask, runsOnController, TaskWalk } from './task-walk.ts';
import { unreadable } from './findings.ts';
import { textCandidates } from './jinja-values.ts';
import { entry, itemsOf, type Node, textOf } from './yaml-nodes.ts';

/** Of an entry in a list of roles, these are not variables that it hands over. */
const ROLE_KEYS = new Set([
  'role',
  'name',
  'vars',
  'when',
  'tags',
  'become',
  'become_user',
  'delegate_to',
  'environment',
]);

/** By part (tasks, vars, …) the names that its entry point may have; undefined when they cannot be known. */
type EntryNames = ReadonlyMap<string, readonly string[] | undefined>;

/** Walks through roles, what they depend on, and their tasks. */
export class RoleWalk {
  /** The tasks of plays and roles. */
  readonly tasks: TaskWalk;
  readonly #context: AnsibleContext;
  readonly #seen = new Set<string>();

  constructor(context: AnsibleContext) {
    this.#context = context;
    this.tasks = new TaskWalk(context, (role, place) => this.#find(role, place));
  }

  /** Counts the collections that a play or a role lists, and gives their names. */
  collections(node: Node | undefined, { playbookFolder }: Place): string[] {
    const names = itemsOf(entry(node, 'collections')).flatMap((each) => textOf(each) ?? []);
    for (const name of names) this.#context.useCollection(name, playbookFolder);
    return names;
  }

  /** `docker`, `role: docker` or `name: docker`; what else stands there are the role's variables. */
  entry(node: Node, place: Place, collections: readonly string[]): void {
    const name =
      node.kind === 'map' ? (entry(node, 'role') ?? entry(node, 'name') ?? entry(node, 'src')) : node;
    if (name === undefined) return;
    if (node.kind === 'map') {
      const given = [...node.entries].filter(([key]) => !ROLE_KEYS.has(key));
      this.#context.define({ ...node, entries: new Map(given) }, place);
      this.#context.define(entry(node, 'vars'), place);
    }
    const inside = node.kind === 'map' ? { ...place, onController: runsOnController(node, place) } : place;
    const role = {
      name,
      from: new Map(),
      what: `role ${textOf(name) ?? ''}`,
      isStatic: true,
      line: node.line,
    };
    this.#find(role, inside, collections);
  }

  #find(task: RoleTask, place: Place, collections: readonly string[] = []): void {
    const { findings, needs, variables } = this.#context;
    const scope = variables.scopeAt(place);
    const written = { file: place.file, line: task.line, what: task.what };
    const names = textCandidates(task.name, scope);
    const from = new Map([...task.from].map(([part, node]) => [part, textCandidates(node, scope)]));
    if (names === undefined) return needs.unknown(written, place);
    const search = {
      playbookFolder: place.playbookFolder,
      neighbours: place.role && dirname(place.role.path),
      collections,
    };
    for (const name of names) {
      const role = this.#context.finder.role(name, search);
      if ('path' in role) this.#enter(role, from, place, written);
      else if (!task.isStatic) needs.unknown(written, place, `: there is no role ${name}`);
      else {
        const asked = `${findings.display(place.file)}:${task.line}`;
        throw unreadable(`role ${name} (${asked}) is not there; searched: ${role.searched.join(', ')}`);
      }
    }
  }

  /** A role by one or more entry points. Coming to them again by the same roles finds nothing new. */
  #enter(role: Role, from: EntryNames, outer: Place, written: Written): void {
    const entryNames = (part: string): readonly (string | undefined)[] => {
      if (!from.has(part)) return [undefined];
      const names = from.get(part);
      if (names === undefined) this.#context.needs.unknown(written, outer, `: ${part}_from cannot be known`);
      return names ?? [];
    };
    const place = placeInRole(role, outer);
    const key = JSON.stringify([place.playbookFolder, place.roleFolders, place.onController, [...from]]);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#countRole(role, place);
    this.#metadata(role, place);
    for (const kind of ['defaults', 'vars'] as const) {
      for (const name of entryNames(kind)) {
        for (const path of this.#context.finder.variableFiles(role, kind, name))
          this.#context.variableFile(path, place);
      }
    }
    for (const section of ['tasks', 'handlers'] as const) {
      for (const name of entryNames(section)) {
        const path = this.#context.finder.entryFile(role, section, name);
        if (path !== undefined) this.tasks.file(path, { ...place, section });
        else if (name !== undefined)
          this.#context.needs.unknown(written, outer, `: role ${role.name} has no ${section}/${name}`);
      }
    }
  }

  #countRole(role: Role, { playbookFolder }: Place): void {
    for (const file of this.#context.finder.filesOf(role)) {
      this.#context.findings.count(join(role.path, file), `role ${role.name}: ${file}`);
    }
    if (role.collection !== undefined) this.#context.useCollection(role.collection.name, playbookFolder);
  }

  #metadata(role: Role, place: Place): void {
    const path = this.#context.finder.entryFile(role, 'meta');
    if (path === undefined) return;
    const documents = this.#context.yaml.read(path, this.#context.findings.display(path));
    for (const document of documents === 'encrypted' ? [] : documents) {
      const inside = { ...place, file: path };
      const collections = this.collections(document, inside);
      for (const each of itemsOf(entry(document, 'dependencies'))) this.entry(each, inside, collections);
    }
  }
}

function placeInRole(role: Role, outer: Place): Place {
  return {
    ...outer,
    role,
    roleFolders: [...new Set([role.path, ...outer.roleFolders])],
    file: join(role.path, 'meta', 'main.yml'),
    section: 'tasks',
    includeFolders: [],
    isDeclared: false,
    locals: new Map(),
  };
}
