import type { Answer, Service } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { ACTIONS } from './actions.ts';
import { QueryParams } from './query-params.ts';
import { element, toXml } from './xml.ts';

const API_VERSION = '2016-11-15';
const REQUEST_ID = '59dbff89-35bd-4eac-99ed-be587EXAMPLE';

/** EC2: a form by POST, XML back, refusals as `<Response><Errors>`. */
export const EC2: Service = {
  name: 'ec2',
  actionOf: ({ body }) => {
    const name = new URLSearchParams(body.toString('utf8')).get('Action') ?? '';
    return Object.hasOwn(ACTIONS, name) ? name : undefined;
  },
  run: (name, call) => {
    const action = ACTIONS[name];
    if (action === undefined) throw EC2.errors.unknownAction;
    const params = QueryParams.parse(call.body.toString('utf8'));
    const answer = action({ ...call, params });
    params.refuseUnused();
    const head = `${name}Response xmlns="http://ec2.amazonaws.com/doc/${API_VERSION}/"`;
    const parts = `${element('requestId', REQUEST_ID)}${toXml(answer)}`;
    return xml(200, `<${head}>${parts}</${name}Response>`);
  },
  refuse: ({ code, status, message }) => {
    const errors = element('Errors', { Error: { Code: code, Message: message } });
    return xml(status, `<Response>${errors}${element('RequestID', REQUEST_ID)}</Response>`);
  },
  errors: {
    unsigned: new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', {
      status: 403,
    }),
    wrongKey: new ServiceError(
      'AuthFailure',
      'AWS was not able to validate the provided access credentials',
      {
        status: 401,
      },
    ),
    wrongSignature: new ServiceError(
      'AuthFailure',
      'AWS was not able to validate the provided access credentials',
      { status: 401 },
    ),
    wrongRegion: (region) =>
      new ServiceError('AuthFailure', `Credential should be scoped to a valid region, not '${region}'.`, {
        status: 401,
      }),
    unknownAction: new ServiceError('InvalidAction', 'The action is not valid for this web service.'),
    denied: (action) =>
      new ServiceError(
        'UnauthorizedOperation',
        `You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/tester is not authorized to perform: ec2:${action} because no identity-based policy allows the ec2:${action} action`,
        { status: 403 },
      ),
    fault: (kind) => {
      if (kind === 'throttle') {
        return new ServiceError('RequestLimitExceeded', 'Request limit exceeded.', { status: 503 });
      }
      if (kind === 'unavailable')
        return new ServiceError('Unavailable', 'The server is overloaded.', { status: 503 });
      return new ServiceError('InternalError', 'An internal error has occurred', { status: 500 });
    },
  },
};

function xml(status: number, text: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'text/xml;charset=UTF-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${text}`,
  };
}
