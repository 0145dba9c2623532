import type { IncomingMessage } from 'node:http';
import type { Fault } from './faults.ts';
import type { ServiceError } from './service-error.ts';
import type { Region, World } from './world.ts';

/** A request that was signed by the account's user. */
export interface Call {
  readonly world: World;
  readonly region: Region;
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly body: Buffer;
  /** Of the body; a block is not to be hashed twice. */
  readonly sha256: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** One service of the account: how its requests are named, and how its refusals look. */
export interface Service {
  /** As in the signature and in policies: `ec2`. */
  readonly name: string;
  /** Which action a request asks for; undefined when there is no such action. */
  readonly actionOf: (call: Call) => string | undefined;
  readonly run: (action: string, call: Call) => Answer;
  readonly refuse: (error: ServiceError) => Answer;
  readonly errors: {
    readonly unsigned: ServiceError;
    readonly wrongKey: ServiceError;
    readonly wrongSignature: ServiceError;
    readonly wrongRegion: (region: string) => ServiceError;
    readonly unknownAction: ServiceError;
    readonly denied: (action: string) => ServiceError;
    readonly fault: (
      kind: Extract<Fault['kind'], 'throttle' | 'server-error' | 'unavailable'>,
    ) => ServiceError;
  };
}
