import { setMaxListeners } from 'node:events';
import { EBSClient } from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { BuilderError } from '../errors.ts';
import { registerSecret } from '../system/secrets.ts';
import type { AwsAction } from './actions.ts';
import { type AwsWork, explainFailure, failureKind } from './failures.ts';
import { type RetryOptions, withRetries } from './retries.ts';

// The SDK warns of its own end of support for Node.js 20, on standard error, in the middle of the progress.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

const CONNECT_TIMEOUT_MS = 5000;
/** For a whole request: half a megabyte goes through a slow line within. */
const REQUEST_TIMEOUT_MS = 60_000;
/** More than ever are under way, so that the SDK never waits for one by itself. */
const SOCKETS = 128;

/** Keys that were given by the original's own variables; without them the SDK's usual chain finds some. */
export interface GivenKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export type AskOptions = Pick<RetryOptions, 'onRetry'> & {
  /** Failures that may go away by themselves, besides those of the service and the line. */
  readonly isTransient?: (thrown: unknown) => boolean;
};

export interface RegionOptions {
  readonly keys: GivenKeys | undefined;
  readonly signal: AbortSignal;
  readonly work: AwsWork;
}

/** EC2 and EBS of one region. Retries are this program's own: they steer how much is sent at once. */
export class AwsRegion {
  readonly name: string;
  readonly ec2: EC2Client;
  readonly ebs: EBSClient;
  readonly #signal: AbortSignal;
  readonly #work: AwsWork;

  constructor(name: string, { keys, signal, work }: RegionOptions) {
    this.name = name;
    this.#signal = signal;
    this.#work = work;
    // Every request that is under way listens to it; Node.js takes more than ten for a leak.
    setMaxListeners(SOCKETS * 2, signal);
    const config = {
      region: name,
      maxAttempts: 1,
      requestHandler: {
        connectionTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        throwOnRequestTimeout: true,
        httpAgent: { maxSockets: SOCKETS, keepAlive: true },
        httpsAgent: { maxSockets: SOCKETS, keepAlive: true },
      },
      ...(keys === undefined ? {} : { credentials: keys }),
    };
    this.ec2 = new EC2Client(config);
    this.ebs = new EBSClient(config);
  }

  /**
   * Finds the credentials, and registers what of them is secret. Fails with `credentials-missing`.
   */
  async requireCredentials(): Promise<void> {
    const found = await this.ec2.config.credentials().catch((thrown: unknown) => {
      throw this.#explain(thrown, 'ec2:DescribeImages');
    });
    registerSecret(found.secretAccessKey);
    registerSecret(found.sessionToken);
  }

  /**
   * Asks for one action, again while it fails for reasons that pass. Fails with `aws-denied`, `credentials-refused`,
   * `aws-quota`, `aws-unavailable` or `aws-refused`; the SDK's own error is the cause.
   */
  async ask<Result>(
    action: AwsAction,
    send: (abortSignal: AbortSignal) => Promise<Result>,
    { isTransient, onRetry }: AskOptions = {},
  ): Promise<Result> {
    const signal = this.#signal;
    try {
      return await withRetries(() => send(signal), {
        isTransient: (thrown) => failureKind(thrown) !== 'refused' || isTransient?.(thrown) === true,
        ...(onRetry === undefined ? {} : { onRetry }),
        signal,
      });
    } catch (thrown) {
      signal.throwIfAborted();
      throw this.#explain(thrown, action);
    }
  }

  #explain(thrown: unknown, action: AwsAction): BuilderError {
    return explainFailure(thrown, { action, region: this.name, work: this.#work });
  }

  close(): void {
    this.ec2.destroy();
    this.ebs.destroy();
  }
}

/** The name of the SDK's error behind one of ours: `InvalidAMIName.Duplicate`. */
export function awsErrorName(thrown: unknown): string | undefined {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error ? cause.name : undefined;
}
