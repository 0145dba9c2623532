import { vi } from 'vitest';
import { AwsStandIn } from '../fakes/aws/aws-stand-in.ts';

/** The variables that choose whom the contract is held against; nothing else does, least of all credentials that are there. */
const ENDPOINT = 'CONTRACT_AWS_ENDPOINT';
const PROFILE = 'CONTRACT_AWS_PROFILE';
const REGION = 'CONTRACT_AWS_REGION';

/** Every other way by which the SDK finds credentials or an address. */
const SDK_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_ENDPOINT_URL',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Whom the contract is held against. */
export interface ContractTarget extends AsyncDisposable {
  /** For people: which service answers. */
  readonly name: string;
  readonly region: string;
}

/**
 * Makes a service the only AWS of this process: the stand-in; the emulator at CONTRACT_AWS_ENDPOINT; or, where it costs money,
 * the account of CONTRACT_AWS_PROFILE. Both at once are refused.
 */
export async function openTarget(env: NodeJS.ProcessEnv): Promise<ContractTarget> {
  const { [ENDPOINT]: endpoint, [PROFILE]: profile, [REGION]: region = 'us-west-2' } = env;
  if (endpoint && profile) throw new Error(`${ENDPOINT} and ${PROFILE} exclude each other`);
  const standIn = endpoint || profile ? undefined : await AwsStandIn.start({ speed: 100 });
  for (const name of SDK_VARIABLES) vi.stubEnv(name, undefined);
  for (const [name, value] of Object.entries(standIn?.env ?? sdkEnv(endpoint, profile))) {
    vi.stubEnv(name, value);
  }
  return {
    name: standIn === undefined ? (endpoint ?? `the account of the profile ${profile}`) : 'the stand-in',
    region,
    async [Symbol.asyncDispose]() {
      vi.unstubAllEnvs();
      await standIn?.[Symbol.asyncDispose]();
    },
  };
}

function sdkEnv(endpoint: string | undefined, profile: string | undefined): Record<string, string> {
  if (profile) return { AWS_PROFILE: profile };
  return {
    AWS_ENDPOINT_URL: endpoint ?? '',
    AWS_ACCESS_KEY_ID: 'contract',
    AWS_SECRET_ACCESS_KEY: 'contract',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
