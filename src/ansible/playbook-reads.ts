import { dirname, join, resolve } from 'node:path';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { type AnsibleArguments, readArguments } from './arguments.ts';
import { type AnsibleConfig, type AnsibleHost, expand, readConfig } from './config.ts';
import { AnsibleContext, YamlFiles } from './context.ts';
import { PlayWalk } from './play-walk.ts';
import { RoleFinder } from './roles.ts';
import { Variables } from './variables.ts';
import { FileTree } from './file-tree.ts';
import { Findings, type ReadFile, unreadable } from './findings.ts';
import type { Node } from './yaml-nodes.ts';

export type { ReadFile } from './findings.ts';

export interface PlaybookReads {
  /** Sorted by name, each path once. */
  readonly files: readonly ReadFile[];
  /**
   * Why more may be read than could be found, with place: `roles/x/tasks/main.yml:12: include_tasks {{ kind }}.yml`.
   * Then `files` holds the whole folder of the playbook too.
   */
  readonly unknown: readonly string[];
}

export interface ReadsOptions {
  /** Absolute folder in which ansible-playbook runs: relative paths of the command line start here. */
  readonly cwd: string;
  /** Environment of ansible-playbook: ANSIBLE_CONFIG, ANSIBLE_ROLES_PATH, HOME, … count. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Extra arguments: `-e @file`, `--extra-vars=@file`, `--vault-password-file`, `-i`, … name files. */
  readonly arguments?: readonly string[];
  /** Folders of the inventory (group_vars/host_vars beside it count). */
  readonly inventoryFolders?: readonly string[];
}

/**
 * The files that a playbook reads on the controller, as far as that can be known without running it; Ansible 2.14 is
 * the model. A role counts as a whole. A file counts when any definition of a variable names it, whichever would win.
 *
 * What a task of a playbook reads where this cannot see it, its author may say in a comment at the task:
 * `# layer-reads: {{ archive }}` (one path or template a line), or `# layer-reads: nothing (why)`.
 *
 * Fails with `layer-input-unreadable` naming the file when one that certainly is read is missing, cannot be read, or is
 * not YAML.
 */
export async function playbookReads(playbook: string, options: ReadsOptions): Promise<PlaybookReads> {
  // What is read is small and much: asking synchronously takes half the time. The caller should not have to know.
  return Promise.resolve()
    .then(() => new Reading(playbook, options).run())
    .catch((thrown: unknown) => {
      // Such as a folder that may not be listed, which nothing below has a name for.
      if (thrown instanceof BuilderError || systemCode(thrown) === undefined) throw thrown;
      throw unreadable(asError(thrown).message, thrown);
    });
}

class Reading {
  readonly #playbook: string;
  readonly #host: AnsibleHost;
  readonly #arguments: AnsibleArguments;
  readonly #config: AnsibleConfig;
  readonly #inventoryFolders: readonly string[];
  readonly #tree = new FileTree();
  readonly #yaml = new YamlFiles(this.#tree);
  readonly #given: ReadonlyMap<string, Node>;
  readonly #variables: Variables;

  constructor(playbook: string, options: ReadsOptions) {
    this.#host = options;
    this.#playbook = resolve(options.cwd, playbook);
    this.#arguments = readArguments(options.arguments ?? []);
    this.#config = readConfig(this.#host, this.#tree);
    this.#inventoryFolders = options.inventoryFolders ?? [];
    this.#given = this.#givenVariables();
    this.#variables = new Variables(this.#given, options.env);
  }

  /** Walks again until no round finds a definition that an earlier one did not know. */
  run(): PlaybookReads {
    for (;;) {
      const known = this.#variables.count;
      const findings = this.#round();
      if (this.#variables.count === known) return findings.result();
    }
  }

  #round(): Findings {
    const findings = new Findings(dirname(this.#playbook), this.#tree);
    const context = new AnsibleContext({
      host: this.#host,
      tree: this.#tree,
      yaml: this.#yaml,
      finder: new RoleFinder(this.#config, this.#tree),
      variables: this.#variables,
      findings,
    });
    const walk = new PlayWalk(context);
    for (const value of this.#given.values()) walk.scanGiven(value, this.#playbook);
    walk.playbook(this.#playbook, 'the command line');
    this.#configuration(findings);
    this.#commandLine(findings);
    for (const folder of this.#inventories(findings)) walk.variablesBeside(folder, 'inventory ');
    return findings;
  }

  #configuration(findings: Findings): void {
    const { file, pluginFolders, passwordFiles } = this.#config;
    if (file !== undefined) findings.count(file, 'ansible.cfg');
    for (const folder of pluginFolders) findings.count(folder, findings.display(folder));
    for (const path of passwordFiles) findings.count(path, `password file ${findings.display(path)}`);
  }

  #commandLine(findings: Findings): void {
    const { extraVariables, passwordFiles, moduleFolders } = this.#arguments;
    for (const each of extraVariables) {
      if ('file' in each)
        findings.require(this.#path(each.file), `vars file ${each.file}`, 'the command line');
    }
    for (const given of passwordFiles)
      findings.require(this.#path(given), `password file ${given}`, 'the command line');
    for (const given of moduleFolders) findings.count(this.#path(given), given);
  }

  /** Counts the inventories, and gives the folders that variables may stand in beside them. */
  #inventories(findings: Findings): string[] {
    const given = this.#arguments.inventories.map((name) => ({ name, path: this.#path(name) }));
    const configured = this.#config.inventories.map((path) => ({ name: findings.display(path), path }));
    const folders = this.#inventoryFolders.map((folder) => resolve(this.#host.cwd, folder));
    for (const { name, path } of given.length > 0 ? given : configured) {
      const kind = this.#tree.kindOf(path);
      if (kind === undefined) continue;
      folders.push(kind === 'folder' ? path : dirname(path));
      findings.count(path, `inventory ${name}`);
      const files = kind === 'folder' ? this.#tree.filesUnder(path).map((file) => join(path, file)) : [path];
      for (const file of files) this.#variables.addInventory(this.#tree.text(file));
    }
    return [...new Set(folders)];
  }

  /** The variables of `-e`; of a name that is given twice the last one counts. */
  #givenVariables(): Map<string, Node> {
    const given = new Map<string, Node>();
    for (const each of this.#arguments.extraVariables) {
      const values = 'file' in each ? this.#variablesIn(each.file) : each.values;
      for (const [name, value] of values) given.set(name, value);
    }
    return given;
  }

  #variablesIn(name: string): ReadonlyMap<string, Node> {
    const path = this.#path(name);
    const documents = this.#tree.kindOf(path) === 'file' ? this.#yaml.read(path, `vars file ${name}`) : [];
    const maps = documents === 'encrypted' ? [] : documents.filter(({ kind }) => kind === 'map');
    return new Map(maps.flatMap((node) => (node.kind === 'map' ? [...node.entries] : [])));
  }

  #path(given: string): string {
    return expand(given, this.#host);
  }
}
