import { basename, extname } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { PackerTemplate, TemplateSection } from './template.ts';
import { resolveValue, type TemplateValues } from './template-values.ts';

/** A provisioner that runs in one builder. */
export interface BuilderProvisioner {
  /** Its place in the template. */
  readonly index: number;
  /** For people, and unique in the template: the stem of its playbook or script, or its type. */
  readonly name: string;
  readonly section: TemplateSection;
  /** Whether a layer ends behind it. */
  readonly isLayer: boolean;
}

/**
 * Root keys that begin with an underscore are comments to Packer, which must be texts: `"_layer:NAME": "false"` is this
 * program's way to say that no layer ends behind a provisioner.
 */
const LAYER_SETTING = /^_layer:(.+)$/;

/** The provisioners that run in this builder, in order. Fails with `template-malformed` for a setting that names none. */
export function builderProvisioners(
  template: PackerTemplate,
  builder: string,
  values: TemplateValues,
): BuilderProvisioner[] {
  const names = new Set<string>();
  const all = (template.provisioners ?? []).map((section, index) => {
    const name = freeName(stemOf(section, values), names);
    names.add(name);
    return { index, name, section };
  });
  const settings = layerSettings(template, names);
  return all
    .filter(({ section }) => runsIn(section, builder))
    .map((provisioner) => ({ ...provisioner, isLayer: settings.get(provisioner.name) ?? true }));
}

function layerSettings(template: PackerTemplate, names: ReadonlySet<string>): Map<string, boolean> {
  const settings = new Map<string, boolean>();
  for (const [key, value] of Object.entries(template)) {
    const name = LAYER_SETTING.exec(key)?.[1];
    if (name === undefined) continue;
    if (value !== 'true' && value !== 'false') {
      throw malformed(`${key} is ${JSON.stringify(value)}`, 'set it to the text "true" or "false"');
    }
    if (!names.has(name)) {
      throw malformed(`${key} names no provisioner`, `the provisioners are: ${[...names].join(', ')}`);
    }
    settings.set(name, value === 'true');
  }
  return settings;
}

function malformed(message: string, hint: string): BuilderError {
  return new BuilderError('template-malformed', `packer-config.json: ${message}`, { hint });
}

/** `only` and `except`, as Packer reads them. */
function runsIn(section: TemplateSection, builder: string): boolean {
  const [only, except] = [section['only'], section['except']].map((list) =>
    Array.isArray(list) ? list.map(String) : [],
  );
  return (only?.length === 0 || only?.includes(builder) === true) && except?.includes(builder) !== true;
}

function stemOf(section: TemplateSection, values: TemplateValues): string {
  const resolved = resolveValue(section, values) as TemplateSection;
  const file = [resolved['playbook_file'], resolved['script'], resolved['scripts'], resolved['source']]
    .flat()
    .find((value) => typeof value === 'string' && value !== '');
  if (typeof file !== 'string') return section.type;
  return basename(file, extname(file)) || section.type;
}

function freeName(stem: string, taken: ReadonlySet<string>): string {
  // `machine` is the layer before the first provisioner.
  const used = new Set([...taken, MACHINE_LAYER]);
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? stem : `${stem}-${count}`;
    if (!used.has(name)) return name;
  }
}

/** The name of the first layer: the machine after its boot. */
export const MACHINE_LAYER = 'machine';
