import type { AnsibleContext } from './context.ts';
import { loopValues } from './loops.ts';
import { ModuleReads } from './module-reads.ts';
import { foldersWithin, type Place, taskFilePaths } from './search.ts';
import { CONDITIONS, readTask, shortName, type Task } from './task.ts';
import { declaredReads } from './declared-reads.ts';
import { unreadable } from './findings.ts';
import { textCandidates } from './jinja-values.ts';
import { entry, itemsOf, type MapNode, type Node, scalar, textOf } from './yaml-nodes.ts';

/** A role that a task brings in. */
export interface RoleTask {
  readonly name: Node;
  /** Values of tasks_from, vars_from, defaults_from, handlers_from, by the first word. */
  readonly from: ReadonlyMap<string, Node>;
  /** `include_role {{ name }}` */
  readonly what: string;
  readonly isStatic: boolean;
  readonly line: number;
}

const NESTED = ['block', 'rescue', 'always'];
/** On the controller they may read any file of it. */
const READ_ANYTHING = new Set(['command', 'shell', 'raw', 'script', 'expect', 'slurp', 'find', 'make']);
const CONTROLLER = new Set(['localhost', '127.0.0.1', '::1']);

/** Walks through lists of tasks and the files that they include. */
export class TaskWalk {
  readonly #context: AnsibleContext;
  readonly #enterRole: (role: RoleTask, place: Place) => void;
  readonly #modules: ModuleReads;
  readonly #seen = new Set<string>();

  constructor(context: AnsibleContext, enterRole: (role: RoleTask, place: Place) => void) {
    this.#context = context;
    this.#enterRole = enterRole;
    this.#modules = new ModuleReads(context);
  }

  /** The tasks of a file that is counted already. Coming back to it by the same roles finds nothing new. */
  file(path: string, place: Place): void {
    const key = [place.playbookFolder, place.section, place.onController, ...place.roleFolders, path].join(
      '\0',
    );
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    const { yaml, findings } = this.#context;
    const name = findings.display(path);
    const documents = yaml.read(path, name);
    if (documents === 'encrypted') return findings.addUnknown(path, 1, 'encrypted tasks');
    for (const document of documents) {
      if (document.kind !== 'list') throw unreadable(`${name}:${document.line} is not a list of tasks`);
      this.list(document, { ...place, file: path, locals: new Map(), isDeclared: false });
    }
  }

  /** Tasks and blocks of tasks. */
  list(node: Node | undefined, place: Place): void {
    for (const item of itemsOf(node)) {
      if (item.kind !== 'map') continue;
      const inside = { ...place, onController: runsOnController(item, place) };
      if (NESTED.some((key) => item.entries.has(key))) this.#block(item, inside);
      else this.#task(item, inside);
    }
  }

  #block(node: MapNode, place: Place): void {
    const own = new Map([...node.entries].filter(([key]) => !NESTED.includes(key)));
    this.#context.define(own.get('vars'), place);
    this.#context.lookups.scan({ ...node, entries: own }, place);
    for (const key of NESTED) this.list(node.entries.get(key), place);
  }

  #task(node: MapNode, outer: Place): void {
    const task = readTask(node);
    const declared = declaredReads(node, this.#context.yaml.lines(outer.file));
    const locals = task === undefined ? outer.locals : this.#locals(task, outer);
    const place = { ...outer, isDeclared: declared !== undefined, locals };
    for (const source of declared ?? []) this.#declared(source, node.line, place);
    this.#scan(node, place);
    this.#defineFrom(node, task, place);
    if (task === undefined) return;
    this.#collections(task, place);
    if (place.onController && READ_ANYTHING.has(task.module)) {
      this.#context.needs.unknown(
        { file: place.file, line: node.line, what: `${task.module} on the controller` },
        place,
      );
    }
    this.#readsOf(task, place);
  }

  #scan(node: MapNode, place: Place): void {
    for (const [key, value] of node.entries) {
      this.#context.lookups.scan(value, place, CONDITIONS.has(key));
      const plugin = shortName(key.replace(/^with_/, ''));
      if (key.startsWith('with_')) this.#context.lookups.loop(plugin, value, place);
    }
  }

  #collections({ module, node }: Task, { playbookFolder }: Place): void {
    const [, name] = /^(\w+\.\w+)\.\w/.exec(module) ?? [];
    const listed = itemsOf(entry(node, 'collections')).flatMap((each) => textOf(each) ?? []);
    for (const each of name === undefined ? listed : [name, ...listed]) {
      this.#context.useCollection(each, playbookFolder);
    }
  }

  /** Variables that a task sets: its own, facts, results. Loop variables go along into what it includes. */
  #defineFrom(node: MapNode, task: Task | undefined, place: Place): void {
    const { variables } = this.#context;
    for (const [name, value] of entriesOf(entry(node, 'vars'))) variables.define(name, value);
    const result = textOf(entry(node, 'register'));
    if (result !== undefined) variables.define(result, undefined);
    if (task === undefined) return;
    if (task.module === 'set_fact') for (const [name, value] of task.args) variables.define(name, value);
    const passesOn =
      task.module === 'set_fact' || /^(include|import)/.test(task.module) || node.entries.has('vars');
    if (!passesOn || task.loop === undefined) return;
    const values = place.locals.get(task.loopVariable);
    for (const value of values ?? [undefined]) variables.define(task.loopVariable, value);
  }

  #readsOf(task: Task, place: Place): void {
    switch (task.module) {
      case 'include':
      case 'include_tasks':
      case 'import_tasks':
        return this.#includedTasks(task, place);
      case 'include_role':
      case 'import_role':
        return this.#role(task, place);
      default:
        return this.#modules.of(task, place);
    }
  }

  #includedTasks({ module, args, free }: Task, place: Place): void {
    const source = args.get('file') ?? free;
    if (source === undefined) return;
    const written = {
      file: place.file,
      line: source.line,
      what: `${module} ${textOf(source) ?? ''}`,
    };
    const targets = textCandidates(source, this.#context.variables.scopeAt(place));
    if (targets === undefined) return this.#context.needs.unknown(written, place);
    for (const target of targets) {
      const isStatic = module === 'import_tasks';
      const paths = taskFilePaths(place, target, isStatic ? 'static' : 'dynamic');
      const path = paths.find((each) => this.#context.tree.kindOf(each) === 'file');
      if (path !== undefined) {
        this.#context.findings.count(path, `tasks ${this.#context.findings.display(path)}`);
        this.file(path, { ...place, includeFolders: foldersWithin(place, target) });
      } else if (isStatic) {
        const asked = `${this.#context.findings.display(place.file)}:${written.line}`;
        throw unreadable(`${target} (${asked}) is not there; searched: ${paths.join(', ')}`);
      } else this.#context.needs.unknown(written, place, `: ${target} is not there`);
    }
  }

  #role({ module, args }: Task, place: Place): void {
    const name = args.get('name') ?? args.get('role');
    if (name === undefined) return;
    const from = [...args].filter(([key]) => key.endsWith('_from'));
    this.#enterRole(
      {
        name,
        from: new Map(from.map(([key, value]) => [key.slice(0, -'_from'.length), value])),
        what: `${module} ${textOf(name) ?? ''}`,
        isStatic: module === 'import_role',
        line: name.line,
      },
      place,
    );
  }

  #locals({ loop, loopVariable }: Task, place: Place): Place['locals'] {
    if (loop === undefined) return place.locals;
    return new Map([
      ...place.locals,
      [loopVariable, loopValues(loop, this.#context.variables.scopeAt(place))],
    ]);
  }

  #declared(source: string, line: number, place: Place): void {
    const written = { file: place.file, line, what: `layer-reads: ${source}` };
    // What the author declares must be found, or it is unknown after all.
    this.#context.needs.find(
      { source: scalar(source), subfolder: 'files', written },
      { ...place, isDeclared: false },
    );
  }
}

/** Whether tasks run on the controller: a task, block or play says so, or what it is in does. */
export function runsOnController(node: MapNode, { onController }: Pick<Place, 'onController'>): boolean {
  if (node.entries.has('local_action')) return true;
  const host = textOf(entry(node, 'delegate_to'));
  if (host !== undefined) return CONTROLLER.has(host);
  const connection = textOf(entry(node, 'connection'));
  return connection === undefined ? onController : shortName(connection) === 'local';
}

function entriesOf(node: Node | undefined): Iterable<readonly [string, Node]> {
  return node?.kind === 'map' ? node.entries : [];
}
