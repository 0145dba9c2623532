import { asError, BuilderError, type ErrorCode, systemCode } from '../errors.ts';
import type { AwsAction } from './actions.ts';

/**
 * What kind of failure a request ended in: `throttled`, `server` (5xx), `connection` and `timeout` may go away by themselves;
 * `refused` does not.
 */
export type FailureKind = 'throttled' | 'server' | 'connection' | 'timeout' | 'refused';

const THROTTLING =
  /^(RequestThrottled(Exception)?|Throttl(ing|ed)(Exception)?|EC2ThrottledException|RequestLimitExceeded|TooManyRequestsException|SlowDown|ConcurrentLimitExceededException|ConcurrentTagAccess)$/;
const CONNECTION_CODES = [
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'EAI_AGAIN',
];

export function failureKind(thrown: unknown): FailureKind {
  const { name } = asError(thrown);
  if (THROTTLING.test(name)) return 'throttled';
  if (name === 'TimeoutError') return 'timeout';
  const status = statusOf(thrown);
  if (status !== undefined && status >= 500) return 'server';
  if (status === 429) return 'throttled';
  return CONNECTION_CODES.includes(systemCode(thrown) ?? '') ? 'connection' : 'refused';
}

/** Whose requests these are: each kind of work has a policy of its own. */
export type AwsWork = 'publish' | 'packer';

/** What was asked for, where, and for which work. */
export interface AskedOf {
  readonly action: AwsAction;
  readonly region: string;
  readonly work: AwsWork;
}

/** The command that prints the policy of each kind of work. */
const POLICY_COMMANDS = { publish: 'publish policy', packer: 'publish policy --packer' } as const;

interface Rule {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly what: (asked: AskedOf) => string;
  readonly hint: (asked: AskedOf) => string;
}

/** What AWS's refusals mean here, by their names. */
const RULES: readonly Rule[] = [
  {
    pattern: /^(UnauthorizedOperation|AccessDenied(Exception)?)$/,
    code: 'aws-denied',
    what: ({ action, region }) => `these credentials may not do ${action} in ${region}`,
    hint: ({ action, work }) => `allow ${action}; ${POLICY_COMMANDS[work]} prints all that is needed`,
  },
  {
    pattern: /^CredentialsProviderError$/,
    code: 'credentials-missing',
    what: () => 'there are no AWS credentials',
    hint: () => 'set AWS_ACCESS_KEY and AWS_SECRET_KEY, or AWS_PROFILE, or what else the AWS tools take',
  },
  {
    pattern: /^(ExpiredToken(Exception)?|RequestExpired|TokenRefreshRequired)$/,
    code: 'credentials-refused',
    what: () => 'the AWS credentials have expired',
    hint: () => 'log in again; what was sent is kept, and the same command goes on with it',
  },
  {
    pattern:
      /^(AuthFailure|InvalidClientTokenId|UnrecognizedClientException|(Invalid)?Signature\w*|MissingAuthenticationToken\w*|IncompleteSignature\w*|RequestTimeTooSkewed)$/,
    code: 'credentials-refused',
    what: ({ region }) => `AWS does not take these credentials in ${region}`,
    hint: () =>
      'see whether key, secret, region and the clock of this computer are right, and the region is enabled',
  },
  {
    pattern: /^OptInRequired$/,
    code: 'credentials-refused',
    what: ({ region }) => `the account has not enabled ${region}`,
    hint: ({ region }) => `enable ${region} in the account, or name another region with --region`,
  },
  {
    pattern: /(QuotaExceeded(Exception)?|LimitExceeded)$/,
    code: 'aws-quota',
    what: ({ action, region }) => `the account's quota in ${region} does not allow ${action}`,
    hint: () => 'publish cleanup removes what earlier runs left; AWS Service Quotas raises the limit',
  },
];

/** The longest that is shown of AWS's own words: some of its messages hold an encoded kilobyte. */
const MESSAGE_LENGTH = 300;

/** A failed request as an error of this program: which action, where, AWS's own words, and what to do. */
export function explainFailure(thrown: unknown, asked: AskedOf): BuilderError {
  if (thrown instanceof BuilderError) return thrown;
  const { name, message } = asError(thrown);
  const words = message.length > MESSAGE_LENGTH ? `${message.slice(0, MESSAGE_LENGTH)}…` : message;
  if (systemCode(thrown) === 'ENOTFOUND') return unknownHost(thrown, asked);
  if (failureKind(thrown) !== 'refused') return unavailable(thrown, words, asked);
  const rule = RULES.find(({ pattern }) => pattern.test(name));
  if (rule === undefined) {
    return new BuilderError(
      'aws-refused',
      `AWS refuses ${asked.action} in ${asked.region}: ${name}: ${words}`,
      {
        hint: 'docs/aws.md has what the service wants; nothing of what is there was changed by this request',
        cause: thrown,
      },
    );
  }
  return new BuilderError(rule.code, `${rule.what(asked)}: ${words}`, {
    hint: rule.hint(asked),
    cause: thrown,
  });
}

function unknownHost(cause: unknown, { region }: AskedOf): BuilderError {
  return new BuilderError('aws-unavailable', `there is no address of AWS for the region ${region}`, {
    hint: 'see whether the region is written right, and this computer reaches the Internet',
    cause,
  });
}

function unavailable(cause: unknown, words: string, { action, region }: AskedOf): BuilderError {
  return new BuilderError(
    'aws-unavailable',
    `AWS did not do ${action} in ${region}, however often it was asked: ${words}`,
    {
      hint: 'try later; what was sent is kept, and the same command goes on with it',
      cause,
    },
  );
}

function statusOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('$metadata' in thrown)) return undefined;
  const metadata = thrown.$metadata;
  const isObject = typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata;
  return isObject && typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined;
}
