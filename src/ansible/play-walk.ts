import { basename, dirname, join, resolve } from 'node:path';
import { PLUGIN_FOLDERS } from './config.ts';
import type { AnsibleContext } from './context.ts';
import { neededFilePaths, type Place } from './search.ts';
import { shortName } from './task.ts';
import { RoleWalk } from './role-walk.ts';
import { runsOnController } from './task-walk.ts';
import { unreadable } from './findings.ts';
import { textCandidates } from './jinja-values.ts';
import { entry, itemsOf, type MapNode, type Node, textOf } from './yaml-nodes.ts';

const TASK_LISTS = ['pre_tasks', 'tasks', 'post_tasks'];
const NOT_SCANNED = new Set([...TASK_LISTS, 'handlers', 'roles', 'vars_files']);
const VARIABLE_FILE = /^[^.][^.]*$|\.(ya?ml|json)$/;
const ON_CONTROLLER = /^\s*(localhost|127\.0\.0\.1|::1)\s*$/;

/** Walks through playbooks and their plays. */
export class PlayWalk {
  readonly #context: AnsibleContext;
  readonly #roles: RoleWalk;
  readonly #seen = new Set<string>();

  constructor(context: AnsibleContext) {
    this.#context = context;
    this.#roles = new RoleWalk(context);
  }

  /** A playbook and the ones that it imports. `asked` says who names it. */
  playbook(path: string, asked: string): void {
    if (this.#seen.has(path)) return;
    this.#seen.add(path);
    const { findings, yaml } = this.#context;
    const name = findings.display(path);
    findings.require(path, `playbook ${name}`, asked);
    const documents = yaml.read(path, `playbook ${name}`);
    if (documents === 'encrypted') return findings.addUnknown(path, 1, 'encrypted playbook');
    this.#beside(path);
    for (const play of documents.flatMap(itemsOf)) {
      if (play.kind !== 'map') throw unreadable(`playbook ${name}:${play.line} is not a play`);
      this.#play(play, placeIn(path, play));
    }
  }

  /** Takes in a value of the command line: it may be a template too. */
  scanGiven(value: Node, playbook: string): void {
    this.#context.lookups.scan(value, placeIn(playbook, undefined));
  }

  /** Counts group_vars and host_vars of a folder, and takes in their variables. `label` stands before their names. */
  variablesBeside(folder: string, label: string): void {
    const { tree, findings } = this.#context;
    for (const name of ['group_vars', 'host_vars']) {
      if (tree.kindOf(join(folder, name)) !== 'folder') continue;
      for (const file of tree.filesUnder(join(folder, name))) {
        const path = join(folder, name, file);
        findings.count(path, `${label}${name}/${file}`);
        // Of which groups and hosts there are nothing is known here: any may be broken and never be read.
        if (VARIABLE_FILE.test(basename(file))) {
          this.#context.variableFile(path, placeIn(path, undefined, folder), { isCertain: false });
        }
      }
    }
  }

  #beside(playbook: string): void {
    const folder = dirname(playbook);
    const shown = this.#context.findings.display(folder);
    this.variablesBeside(folder, shown === '' ? '' : `${shown}/`);
    for (const plugins of PLUGIN_FOLDERS) {
      const path = join(folder, plugins);
      this.#context.findings.count(path, this.#context.findings.display(path));
    }
  }

  #play(node: MapNode, place: Place): void {
    const imported = [...node.entries].find(([key]) => /^(import_playbook|include)$/.test(shortName(key)));
    if (imported !== undefined) return this.#import(imported[1], node, place);
    const { lookups } = this.#context;
    this.#context.define(entry(node, 'vars'), place);
    for (const prompt of itemsOf(entry(node, 'vars_prompt'))) {
      this.#context.variables.define(textOf(entry(prompt, 'name')) ?? '', undefined);
    }
    for (const file of itemsOf(entry(node, 'vars_files'))) this.#variablesOfPlay(file, place);
    for (const [key, value] of node.entries) if (!NOT_SCANNED.has(key)) lookups.scan(value, place);
    const collections = this.#roles.collections(node, place);
    for (const role of itemsOf(entry(node, 'roles'))) this.#roles.entry(role, place, collections);
    for (const key of TASK_LISTS) this.#roles.tasks.list(entry(node, key), place);
    this.#roles.tasks.list(entry(node, 'handlers'), { ...place, section: 'handlers' });
  }

  #import(node: Node, play: MapNode, place: Place): void {
    const { findings, finder, variables, needs } = this.#context;
    this.#context.define(entry(play, 'vars'), place);
    const [named = ''] = (textOf(node) ?? '').split(/\s+(?=\w+=)/);
    const targets = textCandidates(
      node.kind === 'scalar' ? { ...node, value: named } : node,
      variables.scopeAt(place),
    );
    const written = { file: place.file, line: node.line, what: `import_playbook ${named}` };
    if (targets === undefined) return needs.unknown(written, place);
    for (const target of targets) {
      const [, collection, name] = /^(\w+\.\w+)\.(\w+)$/.exec(target) ?? [];
      const found =
        collection === undefined ? undefined : finder.collection(collection, place.playbookFolder);
      if (found !== undefined) this.#context.useCollection(found.name, place.playbookFolder);
      const path =
        found === undefined
          ? resolve(place.playbookFolder, target)
          : join(found.path, 'playbooks', `${name ?? ''}.yml`);
      this.playbook(path, `${findings.display(place.file)}:${node.line}`);
    }
  }

  /** An entry of vars_files: a name, or a list of which the first that is there is taken. */
  #variablesOfPlay(node: Node, place: Place): void {
    const { findings, needs } = this.#context;
    const searched: string[] = [];
    for (const source of itemsOf(node)) {
      const written = { file: place.file, line: source.line, what: `vars_files ${textOf(source) ?? ''}` };
      const need = { source, subfolder: 'vars', written, isOptional: true } as const;
      const found = needs.find(need, place);
      for (const path of found) this.#context.variableFile(path, place);
      const names = textCandidates(source, this.#context.variables.scopeAt(place));
      if (found.length > 0 || names === undefined) return;
      searched.push(...names.flatMap((name) => neededFilePaths(place, 'vars', name)));
    }
    if (searched.length === 0) return;
    const named = itemsOf(node).map((source) => textOf(source) ?? '');
    const asked = `${findings.display(place.file)}:${node.line}`;
    throw unreadable(
      `vars file ${named.join(', ')} (${asked}) is not there; searched: ${searched.join(', ')}`,
    );
  }
}

function placeIn(file: string, play: Node | undefined, playbookFolder = dirname(file)): Place {
  const isLocal = ON_CONTROLLER.test(textOf(entry(play, 'hosts')) ?? '');
  return {
    playbookFolder,
    file,
    role: undefined,
    roleFolders: [],
    section: 'tasks',
    includeFolders: [],
    onController: play?.kind === 'map' ? runsOnController(play, { onController: isLocal }) : false,
    isDeclared: false,
    locals: new Map(),
  };
}
