import type { PackerTemplate } from './template.ts';

/** The user variables of a template with the values that they have in a build. */
export interface TemplateValues {
  readonly variables: Readonly<Record<string, string>>;
  /** Names of those that the template calls sensitive. */
  readonly secrets: ReadonlySet<string>;
  /** What `{{template_dir}}` means. */
  readonly templateFolder: string;
}

const FUNCTION = /\{\{-?\s*(\w+)(?:\s+[`"]([^`"]*)[`"])?\s*-?\}\}/g;

/**
 * The values of a template's variables: the given ones, or else the template's defaults, in which `{{env}}` and
 * `{{template_dir}}` are filled in as Packer does. What only Packer can know (`{{timestamp}}`, `{{uuid}}`) stays as it
 * is written.
 */
export function templateValues(
  template: PackerTemplate,
  given: Readonly<Record<string, string>>,
  context: { readonly env: NodeJS.ProcessEnv; readonly templateFolder: string },
): TemplateValues {
  const { env, templateFolder } = context;
  const defaults = Object.entries(template.variables ?? {}).map(([name, text]) => {
    const value = fill(text ?? '', (call, argument) => {
      if (call === 'env') return env[argument] ?? '';
      return call === 'template_dir' ? templateFolder : undefined;
    });
    return [name, value] as const;
  });
  const named = template['sensitive-variables'];
  const secrets = new Set(Array.isArray(named) ? named.map(String) : []);
  return { variables: { ...Object.fromEntries(defaults), ...given }, secrets, templateFolder };
}

/** Those of the values whose variables a template declares: Packer refuses others. */
export function declaredVariables(
  values: Readonly<Record<string, string>>,
  template: PackerTemplate,
): Record<string, string> {
  const names = new Set(Object.keys(template.variables ?? {}));
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.has(name)));
}

/** A text of the template with its user variables and the template's folder filled in. */
export function resolveText(text: string, { variables, templateFolder }: TemplateValues): string {
  return fill(text, (call, argument) => {
    if (call === 'user') return variables[argument];
    return call === 'template_dir' ? templateFolder : undefined;
  });
}

/** Any part of a template, with every text in it resolved. */
export function resolveValue(value: unknown, values: TemplateValues): unknown {
  if (typeof value === 'string') return resolveText(value, values);
  if (Array.isArray(value)) return value.map((item) => resolveValue(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveValue(item, values)]));
}

/** Names of the user variables that a part of a template mentions, each once, in order. */
export function variablesIn(part: unknown): string[] {
  const names = new Set<string>();
  fill(JSON.stringify(part).replaceAll('\\"', '"'), (call, argument) => {
    if (call === 'user') names.add(argument);
    return undefined;
  });
  return [...names];
}

function fill(text: string, valueOf: (call: string, argument: string) => string | undefined): string {
  return text.replaceAll(
    FUNCTION,
    (whole, call: string, argument: string | undefined) => valueOf(call, argument ?? '') ?? whole,
  );
}
