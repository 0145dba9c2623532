import { join } from 'node:path';
import { BuilderError } from '../errors.ts';
import { registerSecret } from '../system/secrets.ts';
import type { VariableName, VariableValues } from './variables.ts';

/** Where AWS credentials were found, in words; undefined when there are none. Never the credentials themselves. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials: string | undefined;
  /** The original's own variables, to be handed to Packer; other sources are found by Packer itself. */
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
  readonly sourceAmi: AmiChoice;
  readonly sshUsername: string | undefined;
  readonly instanceType: string;
  readonly subnet: string | undefined;
  readonly encryption: AmiEncryption;
}

/** Families whose newest AMI can be named by the family. */
export const AMI_FAMILIES = ['flatcar', 'fedora-coreos', 'debian'] as const;
export type AmiFamily = (typeof AMI_FAMILIES)[number];

/** What an AMI is built from: the newest that a family has published, or one by its id. */
export type AmiChoice =
  | { readonly kind: 'family'; readonly family: AmiFamily }
  | { readonly kind: 'id'; readonly id: string };

export interface AmiEncryption {
  readonly isWanted: boolean;
  /** Undefined: the account's default key. */
  readonly kmsKey: string | undefined;
}

const DEFAULT_REGION = 'us-west-2';
/** As the original's, of today. */
const DEFAULT_INSTANCE_TYPE = 't3.large';
const DEFAULT_SOURCE: AmiChoice = { kind: 'family', family: 'flatcar' };

/**
 * Finds AWS credentials: the original's AWS_ACCESS_KEY and AWS_SECRET_KEY, the standard names, a profile, the shared
 * credentials file, and the variables that containers and web identities get. An instance role cannot be seen
 * without asking the network, so it counts only when AWS_PROFILE or BUILD_TYPE names it.
 */
export function readAws(
  values: VariableValues,
  env: NodeJS.ProcessEnv,
  fileExists: (path: string) => boolean,
  report: (problem: BuilderError) => void,
): AwsSettings {
  const accessKey = values.AWS_ACCESS_KEY;
  const secretKey = values.AWS_SECRET_KEY;
  for (const secret of [secretKey, env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN']])
    registerSecret(secret);
  reportHalf(accessKey, secretKey, ['AWS_ACCESS_KEY', 'AWS_SECRET_KEY'], report);
  reportHalf(
    env['AWS_ACCESS_KEY_ID'],
    env['AWS_SECRET_ACCESS_KEY'],
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
    report,
  );
  const region = values.AWS_REGION ?? env['AWS_DEFAULT_REGION'] ?? DEFAULT_REGION;
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    report(
      new BuilderError(
        'settings-invalid',
        `AWS_REGION is ${JSON.stringify(region)}, which is not a region's name`,
        {
          hint: 'set AWS_REGION or --aws-region to a name such as us-west-2',
        },
      ),
    );
  }
  return {
    region,
    credentials: findCredentials(values, env, fileExists),
    accessKey,
    secretKey,
    ...readInstance(values, report),
  };
}

/** What the instance is made of, and the AMI of it. */
function readInstance(
  values: VariableValues,
  report: (problem: BuilderError) => void,
): Pick<AwsSettings, 'sourceAmi' | 'sshUsername' | 'instanceType' | 'subnet' | 'encryption'> {
  const matching = (name: VariableName, pattern: RegExp, expected: string): string | undefined => {
    const value = values[name];
    if (value === undefined || pattern.test(value)) return value;
    const message = `${name} is ${JSON.stringify(value)}, which is not ${expected}`;
    report(new BuilderError('settings-invalid', message, { hint: `set ${name} to ${expected}` }));
    return undefined;
  };
  const source = matching(
    'AWS_SOURCE_AMI',
    new RegExp(`^(${AMI_FAMILIES.join('|')}|ami-[0-9a-f]{8,17})$`),
    `one of ${AMI_FAMILIES.join(', ')}, or the id of an AMI`,
  );
  return {
    sourceAmi: sourceOf(source),
    sshUsername: matching('AWS_SSH_USERNAME', /^[a-z_][\w-]{0,31}$/, "a user's name"),
    instanceType:
      matching('AWS_INSTANCE_TYPE', /^[a-z0-9-]+\.[a-z0-9-]+$/, 'a type such as t3.large') ??
      DEFAULT_INSTANCE_TYPE,
    subnet: matching('AWS_SUBNET', /^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'),
    encryption: encryptionOf(
      matching('AWS_ENCRYPT', /^[\w:/-]{1,2048}$/, 'true, false, or the id, ARN or alias of a KMS key'),
    ),
  };
}

function sourceOf(text: string | undefined): AmiChoice {
  if (text === undefined) return DEFAULT_SOURCE;
  const family = AMI_FAMILIES.find((name) => name === text);
  return family === undefined ? { kind: 'id', id: text } : { kind: 'family', family };
}

function encryptionOf(text = 'false'): AmiEncryption {
  return { isWanted: text !== 'false', kmsKey: text === 'true' || text === 'false' ? undefined : text };
}

function findCredentials(
  values: VariableValues,
  env: NodeJS.ProcessEnv,
  fileExists: (path: string) => boolean,
): string | undefined {
  if (values.AWS_ACCESS_KEY !== undefined) return 'AWS_ACCESS_KEY';
  if (env['AWS_ACCESS_KEY_ID']) return 'AWS_ACCESS_KEY_ID';
  if (env['AWS_PROFILE']) return `profile ${env['AWS_PROFILE']}`;
  if (env['AWS_WEB_IDENTITY_TOKEN_FILE']) return 'AWS_WEB_IDENTITY_TOKEN_FILE';
  if (env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? env['AWS_CONTAINER_CREDENTIALS_FULL_URI']) {
    return 'the container credentials';
  }
  const file = env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(env['HOME'] ?? '/root', '.aws', 'credentials');
  return fileExists(file) ? file : undefined;
}

function reportHalf(
  id: string | undefined,
  secret: string | undefined,
  [idName, secretName]: readonly [string, string],
  report: (problem: BuilderError) => void,
): void {
  if (Boolean(id) === Boolean(secret)) return;
  const [given, missing] = id ? [idName, secretName] : [secretName, idName];
  report(
    new BuilderError('settings-invalid', `${given} is set, but ${missing} is not`, {
      hint: `set both ${idName} and ${secretName}, or neither`,
    }),
  );
}
