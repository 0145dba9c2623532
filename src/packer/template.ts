import { readFile } from 'node:fs/promises';
import {
  findNodeAtLocation,
  getNodeValue,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { z } from 'zod';
import { asError, BuilderError, systemCode } from '../errors.ts';

const Section = z.looseObject({ type: z.string(), name: z.string().optional() });
const PostProcessor = z.union([z.string(), Section]);

const TemplateSchema = z.looseObject({
  variables: z.record(z.string(), z.string().nullable()).optional(),
  builders: z.array(Section).min(1),
  provisioners: z.array(Section).optional(),
  'post-processors': z.array(z.union([PostProcessor, z.array(PostProcessor)])).optional(),
});

/** A Packer template in JSON, as far as this program looks into it; everything else is passed on as it stands. */
export type PackerTemplate = z.infer<typeof TemplateSchema>;
export type TemplateSection = z.infer<typeof Section>;

/** Reads a template. Fails with `template-malformed`, which names file, line, and what was expected there. */
export async function readTemplate(path: string): Promise<PackerTemplate> {
  try {
    return parseTemplate(await readFile(path, 'utf8'), path);
  } catch (thrown) {
    if (systemCode(thrown) === undefined) throw thrown;
    throw new BuilderError('template-malformed', `cannot read ${path}: ${asError(thrown).message}`, {
      hint: 'the template must be a readable file in the folder of the program',
      cause: thrown,
    });
  }
}

/**
 * The names of the template's builders of these types, as `packer build -only` wants them: a builder without a name is
 * called by its type. Fails with `template-malformed` when there is none of a type: Packer would build nothing and say
 * that all went well.
 */
export function builderNames(template: PackerTemplate, types: readonly string[]): string[] {
  const known = template.builders.map(({ type }) => type);
  const missing = types.filter((type) => !known.includes(type));
  if (missing.length > 0) {
    throw new BuilderError(
      'template-malformed',
      `packer-config.json has no builder of type ${missing.join(', ')}`,
      { hint: `add one, or set BUILD_TYPE to one of: ${[...new Set(known)].join(', ')}` },
    );
  }
  return types.flatMap((wanted) =>
    template.builders.filter(({ type }) => type === wanted).map(({ type, name }) => name ?? type),
  );
}

/** Parses a template's text, strictly as JSON; `path` is for messages. */
export function parseTemplate(text: string, path: string): PackerTemplate {
  const mistakes: ParseError[] = [];
  const root = parseTree(text, mistakes, { disallowComments: true, allowTrailingComma: false });
  const [mistake] = mistakes;
  if (mistake !== undefined) {
    const what = printParseErrorCode(mistake.error)
      .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
      .toLowerCase();
    throw malformed(path, text, mistake.offset, what);
  }
  const result = TemplateSchema.safeParse(root === undefined ? undefined : getNodeValue(root));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  const what = `${where === '' ? '' : `${where}: `}${issue?.message ?? 'malformed'}`;
  throw malformed(path, text, root === undefined ? 0 : nearestOffset(root, issue?.path ?? []), what);
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

function malformed(path: string, text: string, offset: number, what: string): BuilderError {
  const before = text.slice(0, offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new BuilderError('template-malformed', `${path}:${before.length}:${column}: ${what}`, {
    hint: 'mend the template at that place; `packer validate` checks the rest',
  });
}
