import type { Place } from './search.ts';
import type { Candidates, Scope } from './jinja-values.ts';
import { type Node, scalar } from './yaml-nodes.ts';

/** Names that Ansible brings, or that facts may bring: nobody knows their values before a run. */
const MAGIC = /^(ansible_|group|inventory_|play_|role_|(hostvars|playbook_dir|environment|vars)$)/;

/**
 * Every definition of every variable that was seen. Which of them wins in Ansible is not asked: a file counts when any
 * of them names it. Variables of the command line win over all, so they are the exception.
 */
export class Variables {
  readonly #given: ReadonlyMap<string, Node>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** By name, then by what the value says; a value that only a run can tell is undefined. */
  readonly #definitions = new Map<string, Map<string, Node | undefined>>();
  readonly #inventories = new Set<string>();
  #hasEncrypted = false;
  #count = 0;

  constructor(given: ReadonlyMap<string, Node>, env: Readonly<Record<string, string | undefined>>) {
    this.#given = given;
    this.#env = env;
  }

  /** Grows with each definition that is new. */
  get count(): number {
    return this.#count;
  }

  define(name: string, value: Node | undefined): void {
    const known = this.#definitions.get(name) ?? new Map<string, Node | undefined>();
    const content = value === undefined ? '' : contentOf(value);
    if (known.has(content)) return;
    this.#definitions.set(name, known.set(content, value));
    this.#count++;
  }

  /** The text of an inventory. It is not read: a name that appears in it may be anything. */
  addInventory(text: string): void {
    if (!this.#inventories.has(text)) this.#count++;
    this.#inventories.add(text);
  }

  /** There is a file of variables that cannot be read here: every variable may be in it. */
  addEncrypted(): void {
    if (!this.#hasEncrypted) this.#count++;
    this.#hasEncrypted = true;
  }

  /** What templates at a place may ask for. */
  scopeAt(place: Place): Scope {
    return {
      valuesOf: (name) => this.#valuesOf(name, place),
      isUndefined: (name) => this.#isUndefined(name, place),
      environment: (name) => this.#env[name] ?? '',
    };
  }

  #valuesOf(name: string, place: Place): Candidates {
    if (place.locals.has(name)) return place.locals.get(name);
    if (name === 'omit') return [];
    if (name === 'playbook_dir') return [scalar(place.playbookFolder)];
    if (name === 'role_path' && place.role !== undefined) return [scalar(place.role.path)];
    if (name === 'role_name' && place.role !== undefined) return [scalar(place.role.name)];
    const given = this.#given.get(name);
    if (given !== undefined) return [given];
    const definitions = [...(this.#definitions.get(name)?.values() ?? [undefined])];
    if (this.#mayBeElsewhere(name)) return undefined;
    const known = definitions.filter((value) => value !== undefined);
    return known.length === definitions.length ? known : undefined;
  }

  #isUndefined(name: string, place: Place): boolean {
    const isDefined = place.locals.has(name) || this.#given.has(name) || this.#definitions.has(name);
    return !isDefined && !MAGIC.test(name) && !this.#mayBeElsewhere(name);
  }

  #mayBeElsewhere(name: string): boolean {
    return (
      this.#hasEncrypted || [...this.#inventories].some((text) => new RegExp(`\\b${name}\\b`).test(text))
    );
  }
}

/** What a value says, without where it says so. */
function contentOf(node: Node): string {
  if (node.kind === 'list') return `[${node.items.map(contentOf).join()}]`;
  if (node.kind === 'scalar') return `${node.tag ?? ''}${JSON.stringify(node.value)}`;
  return `{${[...node.entries].map(([key, value]) => `${JSON.stringify(key)}:${contentOf(value)}`).join()}}`;
}
