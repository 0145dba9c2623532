import { join } from 'node:path';
import { registerSecret } from '../system/secrets.ts';
import type { VariableReader } from './variable-reader.ts';

export interface AwsSettings {
  readonly region: string;
  /** Where credentials were found, in words; undefined when there are none. */
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

/** What credentials are looked for in, besides the variables. */
export interface AwsContext {
  readonly env: NodeJS.ProcessEnv;
  readonly fileExists: (path: string) => boolean;
}

/**
 * Finds AWS credentials: the original's AWS_ACCESS_KEY and AWS_SECRET_KEY, the standard names, a profile, the shared
 * credentials file, and the variables that containers and web identities get. An instance role cannot be seen
 * without asking the network, so it counts only when AWS_PROFILE or BUILD_TYPE names it.
 */
export function readAws(reader: VariableReader, { env, fileExists }: AwsContext): AwsSettings {
  const accessKey = reader.text('AWS_ACCESS_KEY');
  const secretKey = reader.text('AWS_SECRET_KEY');
  for (const secret of [secretKey, env['AWS_SECRET_ACCESS_KEY'], env['AWS_SESSION_TOKEN']])
    registerSecret(secret);
  refuseHalf(reader, ['AWS_ACCESS_KEY', accessKey], ['AWS_SECRET_KEY', secretKey]);
  refuseHalf(
    reader,
    ['AWS_ACCESS_KEY_ID', env['AWS_ACCESS_KEY_ID']],
    ['AWS_SECRET_ACCESS_KEY', env['AWS_SECRET_ACCESS_KEY']],
  );
  return {
    region: readRegion(reader, env),
    credentials: accessKey === undefined ? findCredentials(env, fileExists) : 'AWS_ACCESS_KEY',
    accessKey,
    secretKey,
    ...readInstance(reader),
  };
}

/** The AWS tools' own variable counts too, and is named when it is the one that is wrong. */
function readRegion(reader: VariableReader, env: NodeJS.ProcessEnv): string {
  const given = reader.text('AWS_REGION');
  const [name, region = DEFAULT_REGION] =
    given === undefined ? ['AWS_DEFAULT_REGION', env['AWS_DEFAULT_REGION']] : ['AWS_REGION', given];
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    reader.problem(`${name} is ${JSON.stringify(region)}, which is not a region's name`, {
      hint: 'set AWS_REGION or --aws-region to a name such as us-west-2',
    });
  }
  return region;
}

/** What the instance is made of, and the AMI of it. */
function readInstance(
  reader: VariableReader,
): Pick<AwsSettings, 'sourceAmi' | 'sshUsername' | 'instanceType' | 'subnet' | 'encryption'> {
  const source = reader.matching(
    'AWS_SOURCE_AMI',
    new RegExp(`^(${AMI_FAMILIES.join('|')}|ami-[0-9a-f]{8,17})$`),
    `one of ${AMI_FAMILIES.join(', ')}, or the id of an AMI`,
  );
  const instanceType = reader.matching(
    'AWS_INSTANCE_TYPE',
    /^[a-z0-9-]+\.[a-z0-9-]+$/,
    'a type such as t3.large',
  );
  const encryption = reader.matching(
    'AWS_ENCRYPT',
    /^[\w:/-]{1,2048}$/,
    'true, false, or the id, ARN or alias of a KMS key',
  );
  return {
    sourceAmi: sourceOf(source),
    sshUsername: reader.matching('AWS_SSH_USERNAME', /^[a-z_][\w-]{0,31}$/, "a user's name"),
    instanceType: instanceType ?? DEFAULT_INSTANCE_TYPE,
    subnet: reader.matching('AWS_SUBNET', /^subnet-[0-9a-f]{8,17}$/, 'the id of a subnet'),
    encryption: encryptionOf(encryption),
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

function findCredentials(env: NodeJS.ProcessEnv, fileExists: (path: string) => boolean): string | undefined {
  if (env['AWS_ACCESS_KEY_ID']) return 'AWS_ACCESS_KEY_ID';
  if (env['AWS_PROFILE']) return `profile ${env['AWS_PROFILE']}`;
  if (env['AWS_WEB_IDENTITY_TOKEN_FILE']) return 'AWS_WEB_IDENTITY_TOKEN_FILE';
  if (env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? env['AWS_CONTAINER_CREDENTIALS_FULL_URI']) {
    return 'the container credentials';
  }
  const file = env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(env['HOME'] ?? '/root', '.aws', 'credentials');
  return fileExists(file) ? file : undefined;
}

type Named = readonly [name: string, value: string | undefined];

/** An id without its secret, or the other way round. Not every one of these is a variable with a flag. */
function refuseHalf(reader: VariableReader, id: Named, secret: Named): void {
  if (Boolean(id[1]) === Boolean(secret[1])) return;
  const [[given], [missing]] = id[1] ? [id, secret] : [secret, id];
  reader.problem(`${given} is set, but ${missing} is not`, {
    hint: `set both ${id[0]} and ${secret[0]}, or neither`,
  });
}
