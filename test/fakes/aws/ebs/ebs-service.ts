import type { Answer, Call, Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { getSnapshotBlock, listChangedBlocks, listSnapshotBlocks } from './read-blocks.ts';
import { completeSnapshot, putSnapshotBlock, startSnapshot } from './write-snapshot.ts';

interface Route {
  readonly action: string;
  readonly method: string;
  readonly path: RegExp;
  readonly run: (call: Call, parts: readonly string[]) => Answer;
}

/** The paths of the EBS direct APIs. */
const ROUTES: readonly Route[] = [
  { action: 'StartSnapshot', method: 'POST', path: /^\/snapshots$/, run: startSnapshot },
  {
    action: 'CompleteSnapshot',
    method: 'POST',
    path: /^\/snapshots\/completion\/([^/]+)$/,
    run: completeSnapshot,
  },
  {
    action: 'PutSnapshotBlock',
    method: 'PUT',
    path: /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/,
    run: putSnapshotBlock,
  },
  {
    action: 'GetSnapshotBlock',
    method: 'GET',
    path: /^\/snapshots\/([^/]+)\/blocks\/(\d+)$/,
    run: getSnapshotBlock,
  },
  {
    action: 'ListSnapshotBlocks',
    method: 'GET',
    path: /^\/snapshots\/([^/]+)\/blocks$/,
    run: listSnapshotBlocks,
  },
  {
    action: 'ListChangedBlocks',
    method: 'GET',
    path: /^\/snapshots\/([^/]+)\/changedblocks$/,
    run: listChangedBlocks,
  },
];

/** The EBS direct APIs: REST, JSON, refusals by name in a header. */
export const EBS: Service = {
  name: 'ebs',
  actionOf: (call) => routeOf(call)?.action,
  run: (_action, call) => {
    const route = routeOf(call);
    const [, ...parts] = route?.path.exec(call.url.pathname) ?? [];
    if (route === undefined) throw EBS.errors.unknownAction;
    return route.run(call, parts);
  },
  refuse: ({ code, status, message, reason }) => ({
    status,
    headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': code },
    body: JSON.stringify({ Message: message, ...(reason === undefined ? {} : { Reason: reason }) }),
  }),
  errors: {
    unsigned: new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token', {
      status: 403,
    }),
    wrongKey: new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      { status: 403 },
    ),
    wrongSignature: new ServiceError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided.',
      { status: 403 },
    ),
    wrongRegion: (region) =>
      new ServiceError(
        'InvalidSignatureException',
        `Credential should be scoped to a valid region, not '${region}'.`,
        { status: 403 },
      ),
    unknownAction: new ServiceError('UnknownOperationException', 'there is no such operation', {
      status: 404,
    }),
    denied: (action) =>
      new ServiceError(
        'AccessDeniedException',
        `User: arn:aws:iam::111122223333:user/tester is not authorized to perform: ebs:${action}`,
        { status: 403, reason: 'UNAUTHORIZED_ACCOUNT' },
      ),
    fault: (kind) => {
      if (kind === 'throttle') {
        const reason = 'RESOURCE_LEVEL_THROTTLE';
        return new ServiceError('RequestThrottledException', 'Rate exceeded', { status: 400, reason });
      }
      if (kind === 'unavailable') return new ServiceError('ServiceUnavailable', 'try later', { status: 503 });
      return new ServiceError('InternalServerException', 'An internal error has occurred', { status: 500 });
    },
  },
};

function routeOf({ request, url }: Call): Route | undefined {
  return ROUTES.find(({ method, path }) => request.method === method && path.test(url.pathname));
}
