import { join } from 'node:path';
import type { AnsibleContext } from './context.ts';
import type { Place } from './search.ts';
import type { Task } from './task.ts';
import { unquoted, wordsOf } from './words.ts';
import { isTemplate } from './jinja-tokens.ts';
import { type Node, textOf } from './yaml-nodes.ts';

/** Modules that send files of the controller to the guest, and the folder that they have them in. */
const SENDERS: Readonly<Partial<Record<string, 'files' | 'templates'>>> = {
  copy: 'files',
  template: 'templates',
  unarchive: 'files',
  assemble: 'files',
  uri: 'files',
  synchronize: 'files',
  'ansible.posix.synchronize': 'files',
  patch: 'files',
  'ansible.posix.patch': 'files',
  'ansible.windows.win_copy': 'files',
  'ansible.windows.win_template': 'templates',
};

/** Counts the files that a task's module reads on the controller. Modules that bring in tasks and roles are not its. */
export class ModuleReads {
  readonly #context: AnsibleContext;

  constructor(context: AnsibleContext) {
    this.#context = context;
  }

  of(task: Task, place: Place): void {
    const subfolder = SENDERS[task.module];
    if (subfolder !== undefined) this.#sent(task, subfolder, place);
    else if (task.module === 'script') this.#script(task, place);
    else if (task.module === 'include_vars') this.#includedVariables(task, place);
  }

  #sent(task: Task, subfolder: 'files' | 'templates', place: Place): void {
    const { args, module, free } = task;
    if (readsRemotely(task)) return;
    const source = args.get('src') ?? (isTemplate(textOf(free) ?? '') ? free : undefined);
    if (source === undefined) return;
    const written = {
      file: place.file,
      line: source.line,
      what: `${module} src ${textOf(source) ?? ''}`,
    };
    for (const path of this.#context.needs.find({ source, subfolder, written }, place)) {
      if (subfolder === 'templates') this.#context.lookups.scanTemplate(path, place);
    }
  }

  #script({ args, free }: Task, place: Place): void {
    const command = args.get('cmd') ?? free;
    const [word] = wordsOf(textOf(command) ?? '');
    if (word === undefined || command?.kind !== 'scalar') return;
    const source = { ...command, value: unquoted(word) };
    const written = { file: place.file, line: command.line, what: `script ${word}` };
    this.#context.needs.find({ source, subfolder: 'files', written }, place);
  }

  #includedVariables({ args, free }: Task, place: Place): void {
    const folder = args.get('dir');
    const source = folder ?? args.get('file') ?? free;
    if (source === undefined) return;
    const what = `include_vars ${textOf(source) ?? ''}`;
    const written = { file: place.file, line: source.line, what };
    const into = textOf(args.get('name'));
    for (const path of this.#context.needs.find({ source, subfolder: 'vars', written }, place)) {
      const isFolder = this.#context.tree.kindOf(path) === 'folder';
      const files = isFolder ? this.#context.tree.filesUnder(path).map((name) => join(path, name)) : [path];
      for (const file of files) {
        this.#context.variableFile(file, place, {
          isCertain: !isFolder,
          ...(into === undefined ? {} : { into }),
        });
      }
    }
  }
}

/** Whether `src` is a file of the guest. */
function readsRemotely({ module, args }: Task): boolean {
  const remote = isTrue(args.get('remote_src'));
  if (module === 'assemble') return remote ?? true;
  if (module.endsWith('synchronize')) return textOf(args.get('mode')) === 'pull';
  const isNotCopied =
    module === 'unarchive' && /^(n|no|off|0|false|f)$/i.test(textOf(args.get('copy')) ?? '');
  return remote ?? isNotCopied;
}

/** As Ansible reads a boolean; undefined when it is not said. A template may be either, and is taken for false: so more counts. */
function isTrue(node: Node | undefined): boolean | undefined {
  const text = textOf(node)?.toLowerCase();
  return text === undefined ? undefined : /^(y|yes|on|1|true|t|1\.0)$/.test(text);
}
