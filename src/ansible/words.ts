/**
 * Splits a line of Ansible's short form (`src=a dest="b c" mode={{ x | y }}`) at its spaces. Quotes and templates hold
 * their spaces together; both are kept as they are written.
 */
export function wordsOf(line: string): string[] {
  return line.match(/(?:'[^']*'|"(?:[^"\\]|\\.)*"|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}|\\.|\S)+/g) ?? [];
}

export interface ShortForm {
  readonly named: ReadonlyMap<string, string>;
  /** What is not `key=value`, joined by single spaces. */
  readonly rest: string;
}

/** Sorts the words of the short form. */
export function shortForm(line: string): ShortForm {
  const named = new Map<string, string>();
  const rest: string[] = [];
  for (const word of wordsOf(line)) {
    const [, key, value] = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(word) ?? [];
    if (key === undefined || value === undefined) rest.push(word);
    else named.set(key, unquoted(value));
  }
  return { named, rest: rest.join(' ') };
}

/** A word without the quotes around it. */
export function unquoted(word: string): string {
  const quote = word[0] ?? '';
  const isQuoted = word.length > 1 && (quote === "'" || quote === '"') && word.endsWith(quote);
  return isQuoted ? word.slice(1, -1) : word;
}
