import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import type { z } from 'zod';

/** A text that is not the JSON it should be: where, counted from 1, and what is wrong there. */
export interface JsonMistake {
  readonly line: number;
  readonly column: number;
  readonly what: string;
}

/** Parses a text, strictly as JSON, and checks it by a schema. Tells the first mistake, and its place in the text. */
export function parseCheckedJson<Value>(
  text: string,
  schema: z.ZodType<Value>,
): { readonly value: Value } | { readonly mistake: JsonMistake } {
  const mistakes: ParseError[] = [];
  const root = parseTree(text, mistakes, { disallowComments: true, allowTrailingComma: false });
  const [mistake] = mistakes;
  if (mistake !== undefined) {
    const what = printParseErrorCode(mistake.error)
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase();
    return { mistake: { ...placeOf(text, mistake.offset), what } };
  }
  const result = schema.safeParse(root === undefined ? undefined : getNodeValue(root));
  if (result.success) return { value: result.data };
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const what = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'malformed'}`;
  const offset = root === undefined ? 0 : nearestOffset(root, issue?.path ?? []);
  return { mistake: { ...placeOf(text, offset), what } };
}

/** Where the value at this path stands, or the nearest one around it when it is missing. */
function nearestOffset(root: Node, keys: readonly PropertyKey[]): number {
  const path = keys.filter((key) => typeof key !== 'symbol');
  for (let length = path.length; length > 0; length -= 1) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node !== undefined) return node.offset;
  }
  return root.offset;
}

function placeOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
