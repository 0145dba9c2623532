import { dirname, join } from 'node:path';
import type { Need, Needs, Written } from './needs.ts';
import { neededFilePaths, type Place } from './search.ts';
import { CONDITIONS, shortName } from './task.ts';
import { shortForm } from './words.ts';
import {
  type Call,
  collectionsUsed,
  type Expression,
  lookupCalls,
  parseExpression,
} from './jinja-expression.ts';
import { isTemplate, type Piece, piecesOf, type Token, tokensOf } from './jinja-tokens.ts';
import { type Candidates, candidatesOf, valuesOfExpression } from './jinja-values.ts';
import { entry, itemsOf, type Node, scalar, textOf } from './yaml-nodes.ts';

/** Lookups of Ansible's own that read no file of the controller that a playbook could name. */
const NO_FILES = new Set(
  `config dict env indexed_items inventory_hostnames items list flattened nested cartesian random_choice sequence
  subelements together url varnames vars`.split(/\s+/),
);
/** Keys of `assert` and `debug` whose values are expressions without braces. */
const BARE_ARGUMENTS = new Set(['that', 'var']);
const TEMPLATE_READERS = new Set(['include', 'import', 'from', 'extends']);
/** Most texts have neither a lookup nor a filter of a collection: this sees it without taking them apart. */
const MAY_READ =
  /\b(lookup|query|q)\s*\(|(\||\bis(\s+not)?)\s*\w+\.\w+\.|\{%[-+]?\s*(include|import|from|extends)\b/;
const END_OF_NAME = new Set(['ignore', 'with', 'without', 'import', 'as', 'if']);

/** A lookup, written as a call or as `with_x`. */
interface Lookup {
  readonly plugin: string;
  readonly terms: readonly Node[] | undefined;
  readonly option: (name: string) => Candidates;
  readonly written: Written;
}

/** Finds what templates read: lookups of files, and the templates that a template includes. */
export class Lookups {
  readonly #needs: Needs;
  readonly #useCollection: (name: string, place: Place) => void;
  readonly #seenTemplates = new Set<string>();

  /** `useCollection` is told which collection a filter, a test or a lookup is of. */
  constructor(needs: Needs, useCollection: (name: string, place: Place) => void) {
    this.#needs = needs;
    this.#useCollection = useCollection;
  }

  /** Looks through every template in a value. Values of `when` and its like are expressions without braces. */
  scan(node: Node, place: Place, isCondition = false): void {
    if (node.kind === 'list') for (const item of node.items) this.scan(item, place, isCondition);
    else if (node.kind === 'map') {
      for (const [key, value] of node.entries) {
        this.scan(value, place, CONDITIONS.has(key) || BARE_ARGUMENTS.has(key));
      }
    } else if (typeof node.value === 'string' && node.tag === undefined) {
      this.#scanText(node.value, node.line, place, isCondition);
    }
  }

  /** Looks through a template file, and through the ones that it includes. */
  scanTemplate(path: string, place: Place): void {
    const seen = `${place.roleFolders.join(':')}:${path}`;
    if (this.#seenTemplates.has(seen) || this.#needs.tree.kindOf(path) !== 'file') return;
    this.#seenTemplates.add(seen);
    const text = this.#needs.tree.text(path);
    if (!MAY_READ.test(text)) return;
    const pieces = piecesOf(text);
    const locals = new Map([...place.locals, ...namesSet(pieces).map((name) => [name, undefined] as const)]);
    const inside = { ...place, locals };
    for (const piece of pieces) {
      const written = { file: path, line: piece.line + 1, what: piece.text };
      this.#scanTokens(piece.tokens, written, inside);
      if (piece.kind === 'statement') this.#includedTemplate(piece, written, inside);
    }
  }

  /** What a loop of the form `with_x` reads. */
  loop(plugin: string, node: Node, place: Place): void {
    const values = itemsOf(node).map((item) => candidatesOf(item, this.#needs.variables.scopeAt(place)));
    const what = `with_${plugin} ${textOf(itemsOf(node)[0]) ?? ''}`;
    const written = { file: place.file, line: node.line, what };
    this.#read({ plugin, terms: flat(values), option: () => [], written }, place);
  }

  #scanText(text: string, line: number, place: Place, isCondition: boolean): void {
    if (!MAY_READ.test(text)) return;
    const at = { file: place.file, line };
    if (isTemplate(text)) {
      for (const piece of piecesOf(text)) this.#scanTokens(piece.tokens, { ...at, what: piece.text }, place);
    } else if (isCondition) this.#scanTokens(tokensOf(text), { ...at, what: text }, place);
  }

  #scanTokens(tokens: readonly Token[], written: Written, place: Place): void {
    for (const name of collectionsUsed(tokens)) this.#useCollection(name, place);
    for (const call of lookupCalls(tokens)) this.#call(call, written, place);
  }

  #call({ args, named }: Call, written: Written, place: Place): void {
    const scope = this.#needs.variables.scopeAt(place);
    const values = (expression: Expression | undefined): Candidates =>
      expression === undefined ? [] : valuesOfExpression(expression, scope);
    const [plugin, ...rest] = args;
    const name = textOf(values(plugin)?.[0]);
    if (name === undefined) return this.#needs.unknown(written, place);
    const option = (key: string): Candidates => values(named.get(key));
    this.#read(
      { plugin: shortName(name), terms: flat(rest.map((each) => values(each))), option, written },
      place,
    );
  }

  #read(lookup: Lookup, place: Place): void {
    const collection = /^(\w+\.\w+)\.\w+$/.exec(lookup.plugin)?.[1];
    if (collection !== undefined) this.#useCollection(collection, place);
    const plugin = lookup.plugin.replace(/^community\.general\.(?=filetree$)/, '');
    if (NO_FILES.has(plugin) || plugin.includes('.')) return;
    const needs = this.#needsOf({ ...lookup, plugin });
    if (needs === undefined) return this.#needs.unknown(lookup.written, place);
    for (const need of needs) {
      if (plugin === 'fileglob') this.#needs.findMatching(need, place);
      else {
        const paths = this.#needs.find(need, place);
        if (plugin === 'template') for (const path of paths) this.scanTemplate(path, place);
      }
    }
  }

  /** The files that a lookup names; nothing when they cannot be known. */
  #needsOf({ plugin, terms, option, written }: Lookup): Need[] | undefined {
    const sources = (nodes: Candidates, more: Partial<Need> = {}): Need[] | undefined =>
      nodes?.map((source) => ({ source, subfolder: 'files', written, ...more }));
    switch (plugin) {
      case 'file':
      case 'unvault':
      case 'fileglob':
      case 'filetree':
        return sources(terms);
      case 'template':
        return sources(terms, { subfolder: 'templates' });
      case 'first_found':
        return sources(firstFound(terms, option('files'), option('paths')), { isOptional: true });
      case 'csvfile':
      case 'ini':
        return sources(tableFiles(terms, option('file'), plugin === 'ini' ? 'ansible.ini' : 'ansible.csv'));
      case 'password':
        // Made by the lookup when it is not there yet.
        return sources(terms?.map(firstWord), { isOptional: true });
      default:
        return undefined; // pipe and lines run commands, and a plugin of the playbook's own may read anything
    }
  }

  #includedTemplate({ tokens, text }: Piece, written: Written, place: Place): void {
    const [statement, ...words] = tokens;
    if (statement === undefined || !TEMPLATE_READERS.has(statement.text)) return;
    const end = words.findIndex(({ kind, text: word }) => kind === 'name' && END_OF_NAME.has(word));
    const name = parseExpression(end === -1 ? words : words.slice(0, end));
    const named = valuesOfExpression(name, this.#needs.variables.scopeAt(place))?.flatMap(itemsOf);
    if (named === undefined) return this.#needs.unknown(written, place);
    const paths = named.flatMap((each) => this.#templatePath(textOf(each) ?? '', written.file, place) ?? []);
    if (paths.length === 0 && !/\bignore\s+missing\b/.test(text))
      this.#needs.unknown(written, place, ': is not there');
    for (const path of paths) {
      this.#needs.findings.count(path, `file ${this.#needs.findings.display(path)}`);
      this.scanTemplate(path, place);
    }
  }

  #templatePath(name: string, template: string, place: Place): string | undefined {
    const paths = [...neededFilePaths(place, 'templates', name), join(dirname(template), name)];
    return paths.find((path) => this.#needs.tree.kindOf(path) === 'file');
  }
}

/** The items of all; unknown as soon as one of them is. */
function flat(values: readonly Candidates[]): Candidates {
  return values.includes(undefined) ? undefined : values.flatMap((each) => each ?? []).flatMap(itemsOf);
}

/** Names that a template sets by itself, so that what they are elsewhere does not matter. */
function namesSet(pieces: readonly Piece[]): string[] {
  return pieces.flatMap(({ kind, tokens }) => {
    const [statement, ...words] = kind === 'statement' ? tokens : [];
    if (statement === undefined || !['for', 'set', 'macro', 'with'].includes(statement.text)) return [];
    const end = words.findIndex(({ text }) => text === 'in');
    const names = statement.text === 'for' ? words.slice(0, end) : words;
    return names.filter((word) => word.kind === 'name').map(({ text }) => text);
  });
}

/** Terms are names, or maps with lists of names and of folders; both lists may also be options of the call. */
function firstFound(terms: Candidates, files: Candidates, paths: Candidates): Candidates {
  if (terms === undefined || files === undefined || paths === undefined) return undefined;
  const named = terms.flatMap((term) =>
    term.kind === 'map' ? combined(itemsOf(entry(term, 'files')), itemsOf(entry(term, 'paths'))) : [term],
  );
  return [...named, ...combined(files.flatMap(itemsOf), paths.flatMap(itemsOf))];
}

function combined(files: readonly Node[], paths: readonly Node[]): Node[] {
  const names = files.flatMap((node) => split(node, /[,;]/));
  const folders = paths.flatMap((node) => split(node, /[,:;]/));
  if (folders.length === 0) return names.map((name) => scalar(name));
  return folders.flatMap((folder) => names.map((name) => scalar(join(folder, name))));
}

/** A template is not split: its own commas are none of ours. */
function split(node: Node, separator: RegExp): string[] {
  const text = textOf(node) ?? '';
  return isTemplate(text) ? [text] : text.split(separator).filter((each) => each !== '');
}

/** The file of csvfile and ini: an option, or `file=x` inside of a term. */
function tableFiles(terms: Candidates, file: Candidates, standard: string): Candidates {
  if (terms === undefined || file === undefined) return undefined;
  if (file.length > 0) return file;
  const named = terms.map((term) => shortForm(textOf(term) ?? '').named.get('file'));
  return named.map((name) => scalar(name ?? standard));
}

/** `path length=20` */
function firstWord(term: Node): Node {
  return scalar(textOf(term)?.trim().split(/\s+/)[0] ?? '');
}
