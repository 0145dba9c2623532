import type { TemplateSection } from '../packer/template.ts';
import { type TemplateValues, variablesIn } from '../packer/template-values.ts';
import { type LayerInput, secretInput, shownInput } from './layer.ts';

export interface VariableContext {
  readonly values: TemplateValues;
  /** Folders of this machine and what stands for them, so that the same build elsewhere has the same layers. */
  readonly places: readonly (readonly [path: string, name: string])[];
  /** Keys the digests of secrets. */
  readonly salt: string;
}

/**
 * The variables that a section mentions, by value. One that holds a JSON object stands for many: each of its entries is
 * an input with a name of its own.
 */
export function variableInputs(
  section: TemplateSection,
  { values, salt, places }: VariableContext,
): LayerInput[] {
  const shown = (name: string, text: string): LayerInput =>
    shownInput(`variable ${name}`, withPlaces(text, places));
  return variablesIn(section).flatMap((name) => {
    const value = values.variables[name] ?? '';
    if (values.secrets.has(name)) return [secretInput(`variable ${name}`, value, salt)];
    const entries = jsonEntries(value);
    return entries?.map(([key, entry]) => shown(key, textOf(entry))) ?? [shown(name, value)];
  });
}

/** What Ansible reads of the environment. Its values may be secrets (tokens, passwords of a vault). */
export function ansibleEnvironment(env: NodeJS.ProcessEnv, salt: string): LayerInput[] {
  return Object.entries(env)
    .filter(([name, value]) => name.startsWith('ANSIBLE_') && value !== undefined)
    .map(([name, value]) => secretInput(`environment ${name}`, value ?? '', salt));
}

/** The entries of a text that is a JSON object; undefined for any other text. */
export function jsonEntries(text: string): [string, unknown][] | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>);
  } catch {
    return undefined;
  }
}

function withPlaces(text: string, places: VariableContext['places']): string {
  return places.reduce((known, [path, name]) => known.replaceAll(path, name), text);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
