import { ServiceError } from '../service-error.ts';
import type { Tags } from '../world.ts';
import type { Action } from './action.ts';
import type { QueryParams } from './query-params.ts';
import type { XmlValue } from './xml.ts';

const MOST_TAGS = 50;

/** The tags of a request, by what they are for: `image`, `snapshot`. */
export function tagsFor(params: QueryParams, allowed: readonly string[]): Map<string, Tags> {
  const found = new Map<string, Tags>();
  for (const specification of params.items('TagSpecification')) {
    const kind = specification.require('ResourceType');
    if (!allowed.includes(kind)) {
      throw new ServiceError('InvalidParameterValue', `'${kind}' is not a valid taggable resource type here`);
    }
    found.set(kind, readTags(specification));
  }
  return found;
}

function readTags(params: QueryParams): Tags {
  const tags: Tags = new Map();
  for (const tag of params.items('Tag')) tags.set(tag.require('Key'), tag.text('Value') ?? '');
  if (tags.size > MOST_TAGS) throw new ServiceError('TagLimitExceeded', `more than ${MOST_TAGS} tags`);
  for (const [key, value] of tags) {
    const isLong = key.length > 128 || value.length > 256;
    if (isLong || key.startsWith('aws:'))
      throw new ServiceError('InvalidParameterValue', `the tag ${key} is not valid`);
  }
  return tags;
}

export function tagSet(tags: Tags): XmlValue {
  return [...tags].map(([key, value]) => ({ key, value }));
}

export const createTags: Action = ({ params, region }) => {
  const tags = readTags(params);
  const things = params.list('ResourceId').map((id) => {
    const { instances, groups } = region.machines;
    const thing = region.images.get(id) ?? region.snapshot(id) ?? instances.get(id) ?? groups.get(id);
    if (thing === undefined) throw new ServiceError('InvalidID', `The ID '${id}' is not valid`);
    return thing;
  });
  for (const thing of things) for (const [key, value] of tags) thing.tags.set(key, value);
  return { return: true };
};
