import type { Task } from './task.ts';
import { type Candidates, candidatesOf, type Scope } from './jinja-values.ts';
import { itemsOf, map, type Node, scalar } from './yaml-nodes.ts';

type Loop = NonNullable<Task['loop']>;

const OF_FILES = new Set(['file', 'fileglob', 'first_found', 'filetree', 'community.general.filetree']);

/** What the variable of a loop may be. Of a lookup of files these are counted already, so nothing more comes of it. */
export function loopValues({ plugin, node }: Loop, scope: Scope): Candidates {
  if (OF_FILES.has(plugin)) return [];
  if (plugin !== 'list' && plugin !== 'dict') return undefined;
  const values: Node[] = [];
  for (const item of itemsOf(node)) {
    const candidates = candidatesOf(item, scope);
    if (candidates === undefined) return undefined;
    values.push(...candidates);
  }
  return plugin === 'list' ? values.flatMap(itemsOf) : values.flatMap(pairsOf);
}

function pairsOf(node: Node): Node[] {
  return [...(node.kind === 'map' ? node.entries : [])].map(([key, value]) =>
    map([
      ['key', scalar(key)],
      ['value', value],
    ]),
  );
}
