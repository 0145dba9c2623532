import type { Answer, Call } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import type { Snapshot } from '../world.ts';

/** A refusal of what was asked for, with one of the API's reasons. */
export function invalid(reason: string, message: string): ServiceError {
  return new ServiceError('ValidationException', message, { reason });
}

export function snapshotOf({ region }: Call, id: string): Snapshot {
  const snapshot = region.snapshot(id);
  if (snapshot !== undefined) return snapshot;
  throw new ServiceError('ResourceNotFoundException', `The snapshot '${id}' does not exist.`, {
    status: 404,
    reason: 'SNAPSHOT_NOT_FOUND',
  });
}

export function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
