import { ServiceError } from '../service-error.ts';
import type { Tags } from '../world.ts';
import type { QueryParams } from './query-params.ts';

/** The values of a thing that a filter of this name looks at. */
export type FilterValues<Thing> = Readonly<Record<string, (thing: Thing) => readonly string[]>>;

/** Whether a thing passes all filters of a request; `*` and `?` in a filter's values stand for any characters. */
export function passesFilters<Thing extends { readonly tags: Tags }>(
  thing: Thing,
  filters: readonly QueryParams[],
  known: FilterValues<Thing>,
): boolean {
  return filters.every((filter) => {
    const name = filter.require('Name');
    const patterns = filter.list('Value').map(patternOf);
    const found = valuesOf(thing, name, known);
    return patterns.some((pattern) => found.some((value) => pattern.test(value)));
  });
}

function valuesOf<Thing extends { readonly tags: Tags }>(
  thing: Thing,
  name: string,
  known: FilterValues<Thing>,
): readonly string[] {
  if (name === 'tag-key') return [...thing.tags.keys()];
  if (name.startsWith('tag:')) {
    const value = thing.tags.get(name.slice('tag:'.length));
    return value === undefined ? [] : [value];
  }
  const look = Object.hasOwn(known, name) ? known[name] : undefined;
  if (look === undefined) throw new ServiceError('InvalidParameterValue', `The filter '${name}' is invalid`);
  return look(thing);
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
