import { resolve } from 'node:path';
import { playbookReads, type PlaybookReads } from '../ansible/playbook-reads.ts';
import type { TemplateSection } from '../packer/template.ts';
import { resolveValue } from '../packer/template-values.ts';
import type { FileDigests } from '../system/file-digests.ts';
import { type DigestedFile, digestFiles, fileInputs } from './file-inputs.ts';
import { contentInput, type LayerInput, shownInput } from './layer.ts';
import { namedFiles } from './named-files.ts';
import { ansibleEnvironment, type VariableContext, variableInputs } from './variable-inputs.ts';

export interface ProvisionerContext extends VariableContext {
  /** The environment of Packer. */
  readonly env: NodeJS.ProcessEnv;
  /** The folder in which Packer runs: relative paths start here. */
  readonly cwd: string;
  readonly ansibleVersion: string;
  readonly digests: FileDigests;
}

export interface ProvisionerInputs {
  readonly inputs: readonly LayerInput[];
  /** The files among them. */
  readonly files: readonly DigestedFile[];
  /** Why more files count than are named: places where it cannot be known what a playbook reads. */
  readonly unknown: readonly string[];
}

/** Settings that only say how often and how long Packer tries. */
const WITHOUT_EFFECT = new Set(['only', 'except', 'pause_before', 'max_retries', 'timeout', 'override']);

/**
 * Everything that decides what a provisioner does: its section, the variables and the environment that it mentions, and
 * each file that it reads. Fails with `layer-input-unreadable`.
 */
export async function provisionerInputs(
  section: TemplateSection,
  context: ProvisionerContext,
): Promise<ProvisionerInputs> {
  const settings = Object.entries(section).filter(([key]) => !WITHOUT_EFFECT.has(key));
  const resolved = resolveValue(section, context.values) as TemplateSection;
  const named = await namedFiles(resolved, {
    cwd: context.cwd,
    templateFolder: context.values.templateFolder,
  });
  // A playbook that a script of the host runs counts with all that it reads, too.
  const playbooks = isAnsible(section) ? ownPlaybooks(resolved) : named.playbooks;
  const reads = await Promise.all(playbooks.map((playbook) => readsOf(playbook, resolved, context)));
  const files = await digestFiles([...reads.flatMap((read) => read.files), ...named.files], context.digests);
  return {
    inputs: [
      // As written, so that places of one machine do not count: what stands in its variables counts by itself.
      contentInput('provisioner settings', JSON.stringify(settings)),
      ...variableInputs(section, context),
      ...(isAnsible(section) ? ansibleEnvironment(context.env, context.salt) : []),
      // ansible-local runs the guest's Ansible.
      ...(section.type === 'ansible' ? [shownInput('Ansible', context.ansibleVersion)] : []),
      ...fileInputs(files),
    ],
    files,
    unknown: reads.flatMap(({ unknown }) => unknown),
  };
}

function isAnsible({ type }: TemplateSection): boolean {
  return type === 'ansible' || type === 'ansible-local';
}

function ownPlaybooks(section: TemplateSection): string[] {
  return textsOf(section['playbook_file'], section['playbook_files']);
}

function readsOf(
  playbook: string,
  section: TemplateSection,
  { cwd, env }: ProvisionerContext,
): Promise<PlaybookReads> {
  const assigned = textsOf(section['ansible_env_vars'], section['environment_vars']);
  return playbookReads(resolve(cwd, playbook), {
    cwd,
    env: { ...env, ...environmentOf(assigned) },
    arguments: textsOf(section['extra_arguments']),
    inventoryFolders: textsOf(section['inventory_directory']),
  });
}

/** The texts in some values, which may be lists or missing. */
function textsOf(...values: readonly unknown[]): string[] {
  return values.flat().filter((value) => typeof value === 'string');
}

/** `NAME=value` words, as Packer takes them, as an environment. */
function environmentOf(words: readonly string[]): Record<string, string> {
  const pairs = words.map((word) => {
    const [name = ''] = word.split('=');
    return [name, word.slice(name.length + 1)] as const;
  });
  return Object.fromEntries(pairs);
}
