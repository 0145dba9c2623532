import type { MapNode } from './yaml-nodes.ts';

/** What a task's author says that it reads, where it cannot be seen: a path, a template of one, or `nothing (why)`. */
const DECLARATION = /(?:^|\s)#\s*layer-reads:\s*(.+?)\s*$/;
const NOTHING = /^nothing( \(.*\))?$/;

/**
 * The sources of the comments `# layer-reads: …` inside of a task or right above it; undefined when there is no such
 * comment. `lines` are those of the file that the task is in: YAML's parser drops comments.
 */
export function declaredReads({ line, lastLine }: MapNode, lines: readonly string[]): string[] | undefined {
  let first = line - 1;
  while (first > 0 && /^\s*#/.test(lines[first - 1] ?? '')) first--;
  const declared = lines.slice(first, lastLine).flatMap((text) => DECLARATION.exec(text)?.[1] ?? []);
  return declared.length === 0 ? undefined : declared.filter((source) => !NOTHING.test(source));
}
