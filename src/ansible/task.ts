import { shortForm } from './words.ts';
import { entry, type MapNode, type Node, type ScalarNode, textOf } from './yaml-nodes.ts';

/** One task, whichever of Ansible's ways it is written in. */
export interface Task {
  /** Without `ansible.builtin.` and `ansible.legacy.`. */
  readonly module: string;
  readonly args: ReadonlyMap<string, Node>;
  /** The words that are not `key=value`: `x.yml` of `include_tasks: x.yml`. */
  readonly free: ScalarNode | undefined;
  /** `list` is what loop, with_items and their like hold; of any other `with_x` it is x, a lookup. */
  readonly loop: { readonly plugin: string; readonly node: Node } | undefined;
  readonly loopVariable: string;
  readonly node: MapNode;
}

/** What a task may say besides its module (Ansible 2.14). */
const KEYWORDS = new Set(
  `action any_errors_fatal args async become become_exe become_flags become_method become_user changed_when check_mode
  collections connection debugger delay delegate_facts delegate_to diff environment failed_when ignore_errors
  ignore_unreachable listen local_action loop loop_control module_defaults name no_log notify poll port register
  remote_user retries run_once static tags throttle timeout until vars when`.split(/\s+/),
);
/** Keywords whose value is an expression without braces. */
export const CONDITIONS: ReadonlySet<string> = new Set(['when', 'until', 'changed_when', 'failed_when']);
const LISTS = new Set(['items', 'list', 'flattened']);

/** Takes a task apart; nothing when it has no module. */
export function readTask(node: MapNode): Task | undefined {
  const found = moduleOf(node);
  if (found === undefined) return undefined;
  const { free, args } = argumentsOf(found.value);
  const further = entry(node, 'args');
  return {
    module: shortName(found.name),
    args: new Map([...(further?.kind === 'map' ? further.entries : []), ...args]),
    free,
    loop: loopOf(node),
    loopVariable: textOf(entry(entry(node, 'loop_control'), 'loop_var')) ?? 'item',
    node,
  };
}

/** A name without the collections that Ansible itself is. */
export function shortName(name: string): string {
  return name.replace(/^ansible\.(builtin|legacy)\./, '');
}

function moduleOf(node: MapNode): { name: string; value: Node } | undefined {
  for (const [key, value] of node.entries) {
    if (key === 'action' || key === 'local_action') return oldStyle(value);
    if (!KEYWORDS.has(key) && !key.startsWith('with_')) return { name: key, value };
  }
  return undefined;
}

/** `action: copy src=a dest=b`, or `action: {module: copy, src: a}`. */
function oldStyle(value: Node): { name: string; value: Node } | undefined {
  if (value.kind === 'map') {
    const name = textOf(entry(value, 'module'));
    const nested = entry(value, 'args');
    const entries = new Map([...value.entries, ...(nested?.kind === 'map' ? nested.entries : [])]);
    return name === undefined ? undefined : { name, value: { ...value, entries } };
  }
  const [, name, rest = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(textOf(value) ?? '') ?? [];
  if (name === undefined || value.kind !== 'scalar') return undefined;
  return { name, value: { ...value, value: rest } };
}

function argumentsOf(value: Node): { args: ReadonlyMap<string, Node>; free: ScalarNode | undefined } {
  if (value.kind === 'map') return { args: value.entries, free: undefined };
  const text = textOf(value);
  if (value.kind === 'list' || text === undefined) return { args: new Map(), free: undefined };
  const { named, rest } = shortForm(text);
  const args = new Map([...named].map(([key, word]) => [key, { ...value, value: word }]));
  return { args, free: rest === '' ? undefined : { ...value, value: rest } };
}

function loopOf(node: MapNode): Task['loop'] {
  for (const [key, value] of node.entries) {
    if (key === 'loop') return { plugin: 'list', node: value };
    if (!key.startsWith('with_')) continue;
    const plugin = shortName(key.slice('with_'.length));
    return { plugin: LISTS.has(plugin) ? 'list' : plugin, node: value };
  }
  return undefined;
}
