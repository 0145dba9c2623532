import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { AnsibleHost } from './config.ts';
import { Lookups } from './lookups.ts';
import { Needs } from './needs.ts';
import type { RoleFinder } from './roles.ts';
import type { Place } from './search.ts';
import type { Variables } from './variables.ts';
import type { FileTree } from './file-tree.ts';
import { type Findings, readYaml } from './findings.ts';
import { map, type Node } from './yaml-nodes.ts';

type Documents = readonly Node[] | 'encrypted';

/** The YAML files of a run, each parsed once. */
export class YamlFiles {
  readonly #tree: FileTree;
  readonly #known = new Map<string, Documents>();
  readonly #lines = new Map<string, readonly string[]>();

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  /** `name` is what people know the file by. Fails with `layer-input-unreadable`. */
  read(path: string, name: string): Documents {
    const known = this.#known.get(path) ?? readYaml(this.#tree, path, name);
    this.#known.set(path, known);
    return known;
  }

  lines(path: string): readonly string[] {
    const known = this.#lines.get(path) ?? this.#tree.text(path).split('\n');
    this.#lines.set(path, known);
    return known;
  }
}

export interface ContextParts {
  readonly host: AnsibleHost;
  readonly tree: FileTree;
  readonly yaml: YamlFiles;
  readonly finder: RoleFinder;
  readonly variables: Variables;
  readonly findings: Findings;
}

/** What the walk through plays, roles and tasks works with. */
export class AnsibleContext {
  readonly tree: FileTree;
  readonly yaml: YamlFiles;
  readonly finder: RoleFinder;
  readonly variables: Variables;
  readonly findings: Findings;
  readonly needs: Needs;
  readonly lookups: Lookups;

  constructor({ host, tree, yaml, finder, variables, findings }: ContextParts) {
    this.tree = tree;
    this.yaml = yaml;
    this.finder = finder;
    this.variables = variables;
    this.findings = findings;
    this.needs = new Needs(findings, tree, variables, host);
    this.lookups = new Lookups(this.needs, (name, place) => this.useCollection(name, place.playbookFolder));
  }

  /** Takes in the variables of a map, and what their templates read. */
  define(node: Node | undefined, place: Place): void {
    if (node?.kind !== 'map') return;
    for (const [name, value] of node.entries) this.variables.define(name, value);
    this.lookups.scan(node, place);
  }

  /**
   * Takes in a file of variables that is counted already. `into` is the one variable that holds all of them.
   * A file that may never be read may also be broken: then it can say anything, as an encrypted one.
   */
  variableFile(path: string, place: Place, options: { into?: string; isCertain?: boolean } = {}): void {
    const documents = this.#variableDocuments(path, options.isCertain ?? true);
    if (documents === 'encrypted') {
      this.variables.addEncrypted();
      return;
    }
    for (const document of documents) {
      const whole = options.into === undefined ? document : map([[options.into, document]]);
      this.define(whole, { ...place, file: path });
    }
  }

  /**
   * Counts what says which release of a collection is there. A collection without MANIFEST.json is somebody's work in
   * progress, whose files change without its version.
   */
  useCollection(name: string, playbookFolder: string): void {
    const collection = this.finder.collection(name, playbookFolder);
    if (collection === undefined) return;
    const manifest = join(collection.path, 'MANIFEST.json');
    const label = `collection ${name}`;
    if (this.tree.kindOf(manifest) === 'file') return this.findings.count(manifest, label);
    this.findings.count(join(collection.path, 'galaxy.yml'), label);
    this.findings.count(join(collection.path, 'plugins'), `${label}: plugins`);
  }

  #variableDocuments(path: string, isCertain: boolean): Documents {
    const name = this.findings.display(path);
    if (isCertain) return this.yaml.read(path, name);
    try {
      return this.yaml.read(path, name);
    } catch (thrown) {
      if (!(thrown instanceof BuilderError)) throw thrown;
      return 'encrypted';
    }
  }
}
