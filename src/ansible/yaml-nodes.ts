import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseAllDocuments,
  type Scalar,
  type YAMLMap,
} from 'yaml';

/** A YAML value that knows its place. Anchors and merge keys are resolved already. */
export type Node = ScalarNode | ListNode | MapNode;

interface Placed {
  /** From 1; 0 for a value that stands in no file. */
  readonly line: number;
  /** Last line of the value. */
  readonly lastLine: number;
}

export interface ScalarNode extends Placed {
  readonly kind: 'scalar';
  /** As it is written: of numbers and booleans too, since files are named by texts. */
  readonly value: string | null;
  /** `!unsafe` texts are no templates; a `!vault` text cannot be known. */
  readonly tag: 'unsafe' | 'vault' | undefined;
}
export interface ListNode extends Placed {
  readonly kind: 'list';
  readonly items: readonly Node[];
}
export interface MapNode extends Placed {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Node>;
}

/** What is wrong with a text that is not YAML, and where. */
export class YamlProblem extends Error {
  override readonly name = 'YamlProblem';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * The documents of a YAML text as Ansible's parser (YAML 1.1) reads it, but for numbers and booleans; empty ones are left out. Tags that nobody knows
 * are passed over, and of a key that is given twice the last one counts. Throws a `YamlProblem`.
 */
export function parseYaml(text: string): Node[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    version: '1.1',
    schema: 'failsafe',
    strict: false,
    uniqueKeys: false,
    logLevel: 'silent',
    prettyErrors: false,
  });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new YamlProblem(error.message, lines.linePos(error.pos[0]).line);
    const read = new Reader(document, lines).read(document.contents);
    return read.kind === 'scalar' && read.value === null ? [] : [read];
  });
}

/** A value that stands in no file. */
export function scalar(value: ScalarNode['value']): ScalarNode {
  return { kind: 'scalar', value, tag: undefined, line: 0, lastLine: 0 };
}
export function list(items: readonly Node[]): ListNode {
  return { kind: 'list', items, line: 0, lastLine: 0 };
}
export function map(entries: Iterable<readonly [string, Node]>): MapNode {
  return { kind: 'map', entries: new Map(entries), line: 0, lastLine: 0 };
}

/** The entry of a map, or nothing when there is none or when it is no map. */
export function entry(node: Node | undefined, key: string): Node | undefined {
  return node?.kind === 'map' ? node.entries.get(key) : undefined;
}
/** A scalar as text; nothing for null, for a secret, and for what is not a scalar. */
export function textOf(node: Node | undefined): string | undefined {
  if (node?.kind !== 'scalar' || node.tag === 'vault') return undefined;
  return node.value ?? undefined;
}
/** The items of a list; a single value counts as a list of one, nothing and null as none. */
export function itemsOf(node: Node | undefined): readonly Node[] {
  if (node === undefined || (node.kind === 'scalar' && node.value === null)) return [];
  return node.kind === 'list' ? node.items : [node];
}

/** Turns the nodes of one document into ours. */
class Reader {
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  /** Anchors on the way down: YAML allows a value that holds itself. */
  readonly #open = new Set<unknown>();

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document;
    this.#lines = lines;
  }

  read(node: ParsedNode | null | undefined): Node {
    if (node === null || node === undefined) return scalar(null);
    if (isAlias(node)) return this.read(this.#target(node));
    if (this.#open.has(node)) return scalar(null);
    this.#open.add(node);
    const read = this.#readOpen(node);
    this.#open.delete(node);
    return read;
  }

  #target(alias: Alias.Parsed): ParsedNode {
    const target = alias.resolve(this.#document) as ParsedNode | undefined;
    if (target === undefined)
      throw new YamlProblem(`there is no anchor ${alias.source}`, this.#placeOf(alias).line);
    return target;
  }

  #readOpen(node: ParsedNode): Node {
    const placed = this.#placeOf(node);
    if (isMap(node)) return { kind: 'map', entries: this.#entriesOf(node), ...placed };
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => this.read(item)), ...placed };
    const tag =
      node.tag === '!unsafe' ? 'unsafe' : node.tag?.startsWith('!vault') === true ? 'vault' : undefined;
    return { kind: 'scalar', value: isScalar(node) ? valueOf(node) : null, tag, ...placed };
  }

  #entriesOf(node: YAMLMap.Parsed): Map<string, Node> {
    const own = new Map<string, Node>();
    const merged = new Map<string, Node>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : String(key);
      const read = this.read(value);
      if (name !== '<<') own.set(name, read);
      else for (const source of itemsOf(read)) this.#merge(source, merged);
    }
    return new Map([...merged, ...own]);
  }

  /** Of several merged maps the first one that has a key gives it. */
  #merge(source: Node, into: Map<string, Node>): void {
    if (source.kind !== 'map') return;
    for (const [key, value] of source.entries) if (!into.has(key)) into.set(key, value);
  }

  #placeOf(node: ParsedNode): { line: number; lastLine: number } {
    const [start, end] = node.range;
    const line = this.#lines.linePos(start).line;
    return { line, lastLine: Math.max(line, this.#lines.linePos(Math.max(start, end - 1)).line) };
  }
}

function valueOf({ value, type }: Scalar): string | null {
  const isNull = type === 'PLAIN' && /^(~|null|Null|NULL|)$/.test(String(value));
  return isNull || typeof value !== 'string' ? null : value;
}
