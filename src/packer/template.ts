import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { asError, BuilderError, systemCode } from '../errors.ts';
import { parseCheckedJson } from '../system/checked-json.ts';

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
  const result = parseCheckedJson(text, TemplateSchema);
  if ('value' in result) return result.value;
  const { line, column, what } = result.mistake;
  throw new BuilderError('template-malformed', `${path}:${line}:${column}: ${what}`, {
    hint: 'mend the template at that place; `packer validate` checks the rest',
  });
}
