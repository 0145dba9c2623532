import { ServiceError } from '../service-error.ts';
import type { Tags } from '../world.ts';
import type { QueryParams } from './query-params.ts';

/** The values of a thing that a filter of this name looks at. */
export type FilterValues<Thing> = Readonly<Record<string, (thing: Thing) => readonly string[]>>;

/** Makes the test of whether a thing passes all filters of a request; `*` and `?` in a filter's values stand for any characters. */
export function filtersOf<Thing extends { readonly tags: Tags }>(
  params: QueryParams,
  known: FilterValues<Thing>,
): (thing: Thing) => boolean {
  const filters = params.items('Filter').map((filter) => ({
    look: lookOf(filter.require('Name'), known),
    patterns: filter.list('Value').map(patternOf),
  }));
  return (thing) =>
    filters.every(({ look, patterns }) => {
      const found = look(thing);
      return patterns.some((pattern) => found.some((value) => pattern.test(value)));
    });
}

function lookOf<Thing extends { readonly tags: Tags }>(
  name: string,
  known: FilterValues<Thing>,
): (thing: Thing) => readonly string[] {
  if (name === 'tag-key') return ({ tags }) => [...tags.keys()];
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => [tags.get(key)].filter((value) => value !== undefined);
  }
  const look = Object.hasOwn(known, name) ? known[name] : undefined;
  if (look === undefined) throw new ServiceError('InvalidParameterValue', `The filter '${name}' is invalid`);
  return look;
}

function patternOf(text: string): RegExp {
  const escaped = text.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
