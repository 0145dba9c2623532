import type { Token } from './jinja-tokens.ts';

/**
 * The expressions whose value can be found without running Ansible. Anything else (arithmetic, tests, calls of methods)
 * is `opaque`.
 */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | null }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'item'; readonly of: Expression; readonly key: Expression }
  | {
      readonly kind: 'filter';
      readonly of: Expression;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | ({ readonly kind: 'call' } & Call)
  /** Joined by `~` or `+`. */
  | { readonly kind: 'joined'; readonly parts: readonly Expression[] }
  /** `a if condition else b`: one of them. */
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'opaque' };

export interface Call {
  readonly name: string;
  readonly args: readonly Expression[];
  readonly named: ReadonlyMap<string, Expression>;
}

const LOOKUPS = new Set(['lookup', 'query', 'q']);
const OPAQUE: Expression = { kind: 'opaque' };
/** As Jinja prints them. */
const CONSTANTS: Readonly<Partial<Record<string, string | null>>> = {
  true: 'True',
  True: 'True',
  false: 'False',
  False: 'False',
  none: null,
  None: null,
};

/** Reads the words of one whole expression. */
export function parseExpression(tokens: readonly Token[]): Expression {
  const parser = new Parser(tokens);
  const expression = parser.expression();
  return parser.isAtEnd ? expression : OPAQUE;
}

/** Every call of lookup, query and q, wherever it stands among the words, also inside of one another. */
export function lookupCalls(tokens: readonly Token[]): Call[] {
  return tokens.flatMap(({ kind, text }, index) => {
    const isCall = kind === 'name' && LOOKUPS.has(text) && isOperator(tokens[index + 1], '(');
    if (!isCall || isOperator(tokens[index - 1], '.')) return [];
    return [new Parser(tokens.slice(index + 2)).call(text)];
  });
}

/** The collections (`ns.name`) whose filters and tests are among the words: `| ns.name.filter`, `is ns.name.test`. */
export function collectionsUsed(tokens: readonly Token[]): string[] {
  return tokens.flatMap((token, index) => {
    const isUse = isOperator(token, '|') || (token.kind === 'name' && token.text === 'is');
    const at = tokens[index + 1]?.text === 'not' ? index + 2 : index + 1;
    if (!isUse || !isOperator(tokens[at + 1], '.') || !isOperator(tokens[at + 3], '.')) return [];
    return [`${tokens[at]?.text ?? ''}.${tokens[at + 2]?.text ?? ''}`];
  });
}

function isOperator(token: Token | undefined, text: string): boolean {
  return token?.kind === 'operator' && token.text === text;
}

/** Descends through the grammar that we know. What it does not know it steps over, up to the next comma or bracket. */
class Parser {
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  expression(): Expression {
    const first = this.#joined();
    if (!this.#takeName('if')) return first;
    this.#skipTo('else');
    return this.#takeName('else') ? { kind: 'choice', options: [first, this.expression()] } : first;
  }

  /** The arguments of a call, whose opening bracket is behind us already. */
  call(name: string): Call {
    const args: Expression[] = [];
    const named = new Map<string, Expression>();
    while (!this.isAtEnd && !this.#take(')')) {
      const key = this.#peek(1, '=') ? this.#tokens[this.#next]?.text : undefined;
      if (key !== undefined) this.#next += 2;
      const value = this.#separated();
      if (key === undefined) args.push(value);
      else named.set(key, value);
    }
    return { name, args, named };
  }

  #joined(): Expression {
    const parts = [this.#filtered()];
    while (this.#take('~') || this.#take('+')) parts.push(this.#filtered());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'joined', parts };
  }

  #filtered(): Expression {
    let value = this.#primary();
    for (;;) {
      if (this.#take('.')) value = { kind: 'item', of: value, key: { kind: 'literal', value: this.#word() } };
      else if (this.#take('[')) value = { kind: 'item', of: value, key: this.#until(']') };
      else if (this.#take('|')) value = this.#filter(value);
      else if (this.#peek(0, '(')) {
        this.#next++;
        this.call('');
        value = OPAQUE;
      } else return value;
    }
  }

  #filter(of: Expression): Expression {
    let name = this.#word();
    while (this.#take('.')) name += `.${this.#word()}`;
    const args = this.#take('(') ? this.call(name).args : [];
    return { kind: 'filter', of, name: name.replace(/^ansible\.builtin\./, ''), args };
  }

  #primary(): Expression {
    const token = this.#tokens[this.#next++];
    if (token === undefined) return OPAQUE;
    if (token.kind === 'string' || token.kind === 'number') return { kind: 'literal', value: token.text };
    if (token.kind === 'name') return this.#named(token.text);
    if (token.text === '-' && this.#tokens[this.#next]?.kind === 'number') {
      return { kind: 'literal', value: `-${this.#word()}` };
    }
    if (token.text === '(') return this.#until(')');
    if (token.text === '[') return { kind: 'list', items: this.#series(']') };
    if (token.text === '{') return { kind: 'map', entries: this.#pairs() };
    return OPAQUE;
  }

  #named(name: string): Expression {
    const constant = CONSTANTS[name];
    if (constant !== undefined) return { kind: 'literal', value: constant };
    if (name === 'not') return OPAQUE;
    if (LOOKUPS.has(name) && this.#take('(')) return { kind: 'call', ...this.call(name) };
    return { kind: 'name', name };
  }

  /** One expression up to a closing bracket. */
  #until(closing: string): Expression {
    const items = this.#series(closing);
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : OPAQUE;
  }

  #series(closing: string): Expression[] {
    const items: Expression[] = [];
    while (!this.isAtEnd && !this.#take(closing)) items.push(this.#separated());
    return items;
  }

  #pairs(): (readonly [Expression, Expression])[] {
    const pairs: (readonly [Expression, Expression])[] = [];
    while (!this.isAtEnd && !this.#take('}')) {
      const key = this.expression();
      pairs.push([key, this.#take(':') ? this.#separated() : OPAQUE]);
    }
    return pairs;
  }

  /** An expression and the comma behind it. What else stands before the comma makes it opaque. */
  #separated(): Expression {
    const value = this.expression();
    const isWhole = !this.#skipToSeparator();
    this.#take(',');
    return isWhole ? value : OPAQUE;
  }

  /** Steps over words up to a comma or closing bracket of this depth. Tells whether there were any. */
  #skipToSeparator(): boolean {
    const start = this.#next;
    for (let depth = 0; !this.isAtEnd; this.#next++) {
      const token = this.#tokens[this.#next];
      if (token?.kind !== 'operator') continue;
      if (depth === 0 && ',)]}'.includes(token.text)) break;
      if ('([{'.includes(token.text)) depth++;
      if (')]}'.includes(token.text)) depth--;
    }
    return this.#next > start;
  }

  #skipTo(name: string): void {
    let depth = 0;
    for (; !this.isAtEnd; this.#next++) {
      const { kind, text } = this.#tokens[this.#next] ?? { kind: 'name', text: '' };
      if (
        depth === 0 &&
        ((kind === 'name' && text === name) || (kind === 'operator' && ',)]}'.includes(text)))
      )
        return;
      if (kind === 'operator' && '([{'.includes(text)) depth++;
      if (kind === 'operator' && ')]}'.includes(text)) depth--;
    }
  }

  #word(): string {
    return this.#tokens[this.#next++]?.text ?? '';
  }

  #take(operator: string): boolean {
    const isNext = this.#peek(0, operator);
    if (isNext) this.#next++;
    return isNext;
  }

  #takeName(name: string): boolean {
    const token = this.#tokens[this.#next];
    const isNext = token?.kind === 'name' && token.text === name;
    if (isNext) this.#next++;
    return isNext;
  }

  #peek(ahead: number, operator: string): boolean {
    return isOperator(this.#tokens[this.#next + ahead], operator);
  }
}
