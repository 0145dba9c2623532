/** One word of a Jinja expression. */
export interface Token {
  readonly kind: 'string' | 'number' | 'name' | 'operator';
  /** A string without its quotes, escapes resolved. */
  readonly text: string;
}

/** A part of a template: plain text, `{{ expression }}`, or `{% statement %}`. */
export interface Piece {
  readonly kind: 'text' | 'expression' | 'statement';
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Line in the template, from 0. */
  readonly line: number;
}

const TOKEN =
  /\s+|'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"|[A-Za-z_]\w*|\d+(?:\.\d+)?|\*\*|\/\/|[=!<>]=|[\s\S]/gy;
const OPENING = /\{\{|\{%|\{#/g;
const RAW = /^[-+]?\s*raw\s*[-+]?$/;
const END_OF_RAW = /\{%[-+]?\s*endraw\s*[-+]?%\}/g;

/** Whether Ansible would template a text. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}

/** The words of an expression that stands alone, such as the one of `when`. */
export function tokensOf(expression: string): Token[] {
  return scan(expression, 0, undefined).tokens;
}

/** Takes a template apart. Comments and the marks of raw blocks are left out; what is inside raw blocks is plain text. */
export function piecesOf(template: string): Piece[] {
  const pieces: Piece[] = [];
  let [offset, line, counted] = [0, 0, 0];
  const add = (kind: Piece['kind'], start: number, end: number, tokens: readonly Token[] = []): void => {
    line += newlinesIn(template, counted, start);
    counted = start;
    if (end > start || kind !== 'text') pieces.push({ kind, text: template.slice(start, end), tokens, line });
  };
  for (;;) {
    OPENING.lastIndex = offset;
    const opening = OPENING.exec(template);
    if (opening === null) break;
    const inside = opening.index + 2;
    add('text', offset, opening.index);
    if (opening[0] === '{#') {
      offset = endOf(template, '#}', inside);
      continue;
    }
    const kind = opening[0] === '{{' ? 'expression' : 'statement';
    const { tokens, end } = scan(template, inside, kind === 'expression' ? '}}' : '%}');
    offset = end + 2;
    if (kind === 'statement' && RAW.test(template.slice(inside, end))) {
      END_OF_RAW.lastIndex = offset;
      const close = END_OF_RAW.exec(template);
      add('text', offset, close?.index ?? template.length);
      offset = close === null ? template.length : END_OF_RAW.lastIndex;
    } else add(kind, inside, end, tokens);
  }
  add('text', Math.min(offset, template.length), template.length);
  return pieces;
}

/**
 * Reads words up to the closing mark, which counts only outside of strings and brackets, or to the end of the text.
 * Signs right beside the marks (`{{- x -}}`) are about white space.
 */
function scan(
  text: string,
  start: number,
  closing: '}}' | '%}' | undefined,
): { tokens: Token[]; end: number } {
  const tokens: Token[] = [];
  let depth = 0;
  const isSign = (at: number): boolean => closing !== undefined && '-+'.includes(text[at] ?? ' ');
  const first = isSign(start) ? start + 1 : start;
  TOKEN.lastIndex = first;
  for (let offset = first; offset < text.length; offset = TOKEN.lastIndex) {
    if (closing !== undefined && depth === 0 && text.startsWith(closing, offset)) {
      return { tokens: isSign(offset - 1) ? tokens.slice(0, -1) : tokens, end: offset };
    }
    TOKEN.lastIndex = offset;
    const [word = ''] = TOKEN.exec(text) ?? [];
    if (word === '') break;
    if (/^\s/.test(word)) continue;
    if ('([{'.includes(word)) depth++;
    if (')]}'.includes(word)) depth = Math.max(0, depth - 1);
    tokens.push(token(word));
  }
  return { tokens, end: text.length };
}

function token(word: string): Token {
  if (/^['"]/.test(word) && word.length > 1) return { kind: 'string', text: unescaped(word.slice(1, -1)) };
  if (/^[A-Za-z_]/.test(word)) return { kind: 'name', text: word };
  return { kind: /^\d/.test(word) ? 'number' : 'operator', text: word };
}

function unescaped(text: string): string {
  const named: Record<string, string> = { n: '\n', t: '\t', r: '\r' };
  return text.replace(/\\([\s\S])/g, (_all, character: string) => named[character] ?? character);
}

function endOf(text: string, closing: string, from: number): number {
  const found = text.indexOf(closing, from);
  return found === -1 ? text.length : found + closing.length;
}

function newlinesIn(text: string, start: number, end: number): number {
  let count = 0;
  for (let at = text.indexOf('\n', start); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
