import { basename, dirname } from 'node:path';
import { type Call, type Expression, parseExpression } from './jinja-expression.ts';
import { isTemplate, type Piece, piecesOf } from './jinja-tokens.ts';
import { entry, itemsOf, list, map, type Node, scalar, textOf } from './yaml-nodes.ts';

/**
 * Every value that something may have, found without asking which one Ansible would take; `undefined` when there may be
 * others. None at all means that nothing more can come of it: the variable is defined nowhere that matters, or the files
 * behind it are counted already.
 */
export type Candidates = readonly Node[] | undefined;

/** What templates may ask for where they stand. */
export interface Scope {
  /** What a variable may be. */
  valuesOf(name: string): Candidates;
  /** Whether no file that was read, and nothing that Ansible brings, defines the variable. */
  isUndefined(name: string): boolean;
  environment(name: string): string;
}

/** More combinations than this cannot be what somebody meant. */
const MOST_CANDIDATES = 200;
const DEFAULTS = new Set(['default', 'd']);
/** Lookups that give paths of files, and those are counted where the call stands. */
const PATH_LOOKUPS = new Set(['first_found', 'fileglob', 'filetree']);

/** The values that a node may have once its template is worked out. What is inside of lists and maps stays as it is. */
export function candidatesOf(node: Node, scope: Scope): Candidates {
  return new Evaluation(scope, []).template(node);
}

/** The same as texts; `undefined` also when one of the values is a list or a map. Nulls are left out. */
export function textCandidates(node: Node, scope: Scope): readonly string[] | undefined {
  return texts(candidatesOf(node, scope));
}

/** The values of an expression that stands alone. */
export function valuesOfExpression(expression: Expression, scope: Scope): Candidates {
  return new Evaluation(scope, []).of(expression);
}

function texts(candidates: Candidates): readonly string[] | undefined {
  if (candidates?.some((node) => node.kind !== 'scalar') !== false) return undefined;
  return candidates.flatMap((node) => textOf(node) ?? []);
}

function joined(parts: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  let results: readonly string[] = [''];
  for (const part of parts) {
    if (part === undefined || results.length * part.length > MOST_CANDIDATES) return undefined;
    results = results.flatMap((head) => part.map((tail) => head + tail));
  }
  return [...new Set(results)];
}

class Evaluation {
  readonly #scope: Scope;
  /** Templates that are being worked out: a definition may name itself. */
  readonly #open: readonly Node[];

  constructor(scope: Scope, open: readonly Node[]) {
    this.#scope = scope;
    this.#open = open;
  }

  template(node: Node): Candidates {
    if (node.kind !== 'scalar') return [node];
    if (node.tag === 'vault') return undefined;
    if (node.value === null || node.tag === 'unsafe' || !isTemplate(node.value)) return [node];
    if (this.#open.includes(node)) return undefined;
    return new Evaluation(this.#scope, [...this.#open, node]).#pieces(piecesOf(node.value));
  }

  #pieces(pieces: readonly Piece[]): Candidates {
    // Alone, an expression keeps its type: "{{ list }}" is a list. Ansible drops the line end of a folded text.
    const [only, another] = pieces.filter(({ kind, text }) => kind !== 'text' || text.trim() !== '');
    if (only?.kind === 'expression' && another === undefined)
      return this.#alone(parseExpression(only.tokens));
    if (pieces.some(({ kind }) => kind === 'statement')) return undefined;
    const parts = pieces.map(({ kind, text, tokens }) =>
      kind === 'text' ? [text] : texts(this.of(parseExpression(tokens))),
    );
    return joined(parts)?.map(scalar);
  }

  of(expression: Expression): Candidates {
    switch (expression.kind) {
      case 'literal':
        return [scalar(expression.value)];
      case 'name':
        return this.#variable(expression.name);
      case 'item':
        return this.#item(this.of(expression.of), this.of(expression.key));
      case 'filter':
        return this.#filtered(expression);
      case 'call':
        return this.#called(expression);
      case 'joined':
        return this.#joined(expression.parts);
      case 'choice':
        return this.#all(expression.options);
      case 'list': {
        const items = this.#all(expression.items);
        return items === undefined ? undefined : [list(items)];
      }
      case 'map':
        return this.#map(expression.entries);
      case 'opaque':
        return undefined;
    }
  }

  /** `x: "{{ x }}"` and `x: "{{ x | default(1) }}"` hand a variable on: no value is added by it. */
  #alone(expression: Expression): Candidates {
    const isDefault = expression.kind === 'filter' && DEFAULTS.has(expression.name);
    const named = isDefault ? expression.of : expression;
    const values = named.kind === 'name' ? this.#scope.valuesOf(named.name) : undefined;
    if (values?.some((value) => this.#open.includes(value)) !== true) return this.of(expression);
    const others = this.#rendered(values.filter((value) => !this.#open.includes(value)));
    return together([others, isDefault ? this.#all(expression.args.slice(0, 1)) : []]);
  }

  #variable(name: string): Candidates {
    return this.#rendered(this.#scope.valuesOf(name));
  }

  /** Values of variables, and of what is inside of them, are templates themselves. */
  #rendered(nodes: Candidates): Candidates {
    return together(nodes?.map((node) => this.template(node)));
  }

  #all(expressions: readonly Expression[]): Candidates {
    return together(expressions.map((each) => this.of(each)));
  }

  #item(holders: Candidates, keys: Candidates): Candidates {
    if (holders === undefined || keys === undefined) return undefined;
    const found = holders.flatMap((holder) =>
      keys.flatMap((key) => {
        const name = textOf(key) ?? '';
        return (holder.kind === 'list' ? itemAt(holder.items, name) : entry(holder, name)) ?? [];
      }),
    );
    return this.#rendered(found);
  }

  #map(entries: readonly (readonly [Expression, Expression])[]): Candidates {
    const known: [string, Node][] = [];
    for (const [key, value] of entries) {
      const [name] = texts(this.of(key)) ?? [];
      const values = this.of(value);
      if (name === undefined || values?.length !== 1 || values[0] === undefined) return undefined;
      known.push([name, values[0]]);
    }
    return [map(known)];
  }

  #joined(parts: readonly Expression[]): Candidates {
    const values = parts.map((part) => this.of(part));
    if (values.every((each) => each?.every(({ kind }) => kind === 'list') === true)) {
      return [list(values.flatMap((each) => (each ?? []).flatMap(itemsOf)))];
    }
    return joined(values.map(texts))?.map(scalar);
  }

  #filtered({ of, name, args }: Expression & { readonly kind: 'filter' }): Candidates {
    if (DEFAULTS.has(name)) {
      if (of.kind === 'name' && this.#scope.isUndefined(of.name)) return this.#all(args.slice(0, 1));
      return this.#all([of, ...args.slice(0, 1)]);
    }
    const filter = FILTERS[name];
    return filter === undefined ? undefined : this.#rendered(together(this.of(of)?.map(filter)));
  }

  #called({ args, name }: Call): Candidates {
    const [plugin, term] = args.map((each) => texts(this.of(each))?.[0]);
    if (plugin === undefined) return undefined;
    const short = plugin.split('.').at(-1) ?? '';
    if (PATH_LOOKUPS.has(short)) return [];
    if (term === undefined || args.length > 2 || name !== 'lookup') return undefined;
    if (short === 'env') return [scalar(this.#scope.environment(term))];
    return short === 'vars' ? this.#variable(term) : undefined;
  }
}

function itemAt(items: readonly Node[], index: string): Node | undefined {
  return /^-?\d+$/.test(index) ? items.at(Number(index)) : undefined;
}

type Filter = (node: Node) => Candidates;

function textFilter(change: (text: string) => string): Filter {
  return (node) => texts([node])?.map((text) => scalar(change(text)));
}
const same: Filter = (node) => [node];

const FILTERS: Readonly<Partial<Record<string, Filter>>> = {
  string: same,
  mandatory: same,
  list: (node) => (node.kind === 'list' ? [node] : undefined),
  trim: textFilter((text) => text.trim()),
  lower: textFilter((text) => text.toLowerCase()),
  upper: textFilter((text) => text.toUpperCase()),
  basename: textFilter((text) => basename(text)),
  dirname: textFilter((text) => dirname(text)),
  // One of the items, whichever it is: more than that is not worth the code.
  first: (node) => (node.kind === 'list' ? node.items : undefined),
  last: (node) => (node.kind === 'list' ? node.items : undefined),
  dict2items: (node) => [
    list(
      [...(node.kind === 'map' ? node.entries : [])].map(([key, value]) =>
        map([
          ['key', scalar(key)],
          ['value', value],
        ]),
      ),
    ),
  ],
};

/** All candidates of several; unknown as soon as one of them is. */
function together(parts: readonly Candidates[] | undefined): Candidates {
  const known: Node[] = [];
  for (const part of parts ?? [undefined]) {
    if (part === undefined) return undefined;
    known.push(...part);
  }
  return known.length > MOST_CANDIDATES ? undefined : known;
}
