import { BuilderError, type ErrorCode } from '../errors.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly what: string;
  readonly hint: string;
}

/** What Packer 1.6.6 prints of AWS's refusals while it makes an AMI, and what they mean. */
const RULES: readonly Rule[] = [
  {
    pattern: /NoCredentialProviders|[Nn]o valid credential sources/,
    code: 'credentials-missing',
    what: 'Packer finds no AWS credentials',
    hint: 'set AWS_ACCESS_KEY and AWS_SECRET_KEY, or AWS_PROFILE, or build local images with BUILD_TYPE=qemu',
  },
  {
    pattern:
      /\b(AuthFailure|InvalidClientTokenId|ExpiredToken|RequestExpired|SignatureDoesNotMatch|OptInRequired)\b/,
    code: 'credentials-refused',
    what: 'AWS does not take these credentials here',
    hint: 'see whether key, secret, AWS_REGION and the clock of this computer are right, and the region is enabled',
  },
  {
    pattern: /\b(UnauthorizedOperation|AccessDenied)\b/,
    code: 'aws-denied',
    what: 'these credentials may not do all that an AMI needs',
    hint: 'publish policy --packer prints the policy that this needs',
  },
  {
    pattern: /\b\w*(LimitExceeded|QuotaExceeded|InsufficientInstanceCapacity)\b/,
    code: 'aws-quota',
    what: "the account's quota or AWS's stock does not allow it",
    hint: 'try another AWS_INSTANCE_TYPE or AWS_REGION, or raise the limit in AWS Service Quotas',
  },
  {
    pattern: /AMI Name: .* is used by an existing AMI|InvalidAMIName\.Duplicate/,
    code: 'ami-name-taken',
    what: 'an AMI of this name is there already',
    hint: 'build again: the name carries the time; or set another IMAGE_NAME',
  },
  {
    pattern: /\bVPCIdNotSpecified\b|No default VPC/,
    code: 'aws-refused',
    what: 'the account has no default VPC in this region',
    hint: 'set AWS_SUBNET to a subnet whose instances get a public address',
  },
];

/** `CODE: message`, with the status behind it, as AWS's library for Go writes a refusal. */
const REFUSAL = /\b[A-Z][\w.]+: (?:(?!status code).)*\s+status code: \d+/s;

/** What AWS refused, by what Packer said of it; undefined when it was nothing of AWS's. */
export function awsRefusal(said: string): BuilderError | undefined {
  const words = said.replace(/\s*status code: \d+, request id: \S*/g, '').trim();
  const rule = RULES.find(({ pattern }) => pattern.test(said));
  if (rule !== undefined) {
    const [first = ''] = words.split('\n');
    return new BuilderError(rule.code, `${rule.what}: ${first}`, { hint: rule.hint });
  }
  if (!REFUSAL.test(said)) return undefined;
  return new BuilderError('aws-refused', `AWS refuses to make the AMI: ${words.split('\n').join(' ')}`, {
    hint: 'the message names what it does not take; docs/aws-packer.md has the variables',
  });
}
