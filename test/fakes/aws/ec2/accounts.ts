import { ServiceError } from '../service-error.ts';
import type { QueryParams } from './query-params.ts';

/** Applies `Add.N.UserId` and `Remove.N.UserId` to who may use a thing. */
export function changeSharing(permission: QueryParams, sharedWith: Set<string>, errorCode: string): void {
  const accounts = (name: string): string[] => permission.items(name).map((each) => each.require('UserId'));
  const [added, removed] = [accounts('Add'), accounts('Remove')];
  const wrong = [...added, ...removed].find((account) => !/^\d{12}$/.test(account));
  if (wrong !== undefined) {
    throw new ServiceError(errorCode, `Invalid attribute item value "${wrong}" for userId item type.`);
  }
  for (const account of added) sharedWith.add(account);
  for (const account of removed) sharedWith.delete(account);
}
