import { ServiceError } from '../service-error.ts';
import type { Ec2Call } from './action.ts';

const FEWEST = 5;

/** The things of one page, and where the next one starts. `MaxResults` and ids exclude each other. */
export function pageOf<Thing>(
  { params, world }: Ec2Call,
  things: readonly Thing[],
  ids: readonly string[],
): { readonly page: readonly Thing[]; readonly nextToken: string | undefined } {
  const asked = params.number('MaxResults');
  const token = params.text('NextToken');
  if (asked !== undefined && ids.length > 0) {
    throw new ServiceError('InvalidParameterCombination', 'MaxResults cannot be used with a list of ids');
  }
  if (asked !== undefined && (asked < FEWEST || asked > 1000)) {
    throw new ServiceError('InvalidParameterValue', `MaxResults is ${FEWEST} to 1000, not ${asked}`);
  }
  const start = token === undefined ? 0 : placeOf(token);
  const end = start + Math.min(asked ?? Number.POSITIVE_INFINITY, world.pageLimit);
  return { page: things.slice(start, end), nextToken: end < things.length ? `page-${end}` : undefined };
}

function placeOf(token: string): number {
  const match = /^page-(\d+)$/.exec(token);
  if (match === null) throw new ServiceError('InvalidNextToken', 'The next token is not of this list');
  return Number(match[1]);
}
