import type { Tags } from '../world.ts';

export interface KeyPair {
  readonly name: string;
  readonly id: string;
  readonly fingerprint: string;
  /** One line of `authorized_keys`. */
  readonly publicKey: string;
  readonly tags: Tags;
}

export interface SecurityGroup {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  /** `tcp 22-22 0.0.0.0/0` */
  readonly rules: Set<string>;
  readonly tags: Tags;
}

export interface Volume {
  readonly id: string;
  readonly deviceName: string;
  readonly sizeGib: number;
  readonly type: string;
  readonly iops: number | undefined;
  readonly throughput: number | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly snapshotId: string | undefined;
  readonly deleteOnTermination: boolean;
  readonly tags: Tags;
}

/** What an instance was asked to be, and since when. */
export type Wish = 'run' | 'stop' | 'terminate';

export interface Instance {
  readonly id: string;
  readonly imageId: string;
  readonly type: string;
  readonly keyName: string | undefined;
  readonly groupIds: readonly string[];
  readonly userData: string | undefined;
  readonly rootDeviceName: string;
  readonly volumes: readonly Volume[];
  readonly launchMs: number;
  readonly tags: Tags;
  readonly attributes: Map<string, string>;
  wish: Wish;
  wishedMs: number;
}

/** Tells a test what becomes of instances: the stand-in itself starts nothing. */
export interface InstanceHost {
  /** The public address of every instance. */
  readonly address: string;
  readonly launched?: (instance: Instance, publicKey: string | undefined) => void;
  readonly stopped?: (instance: Instance) => void;
  readonly terminated?: (instance: Instance) => void;
}

/** What a region has for instances: networks, keys, the instances themselves. One default VPC, as in a fresh account. */
export class Machines {
  readonly keyPairs = new Map<string, KeyPair>();
  readonly groups = new Map<string, SecurityGroup>();
  readonly instances = new Map<string, Instance>();
  readonly vpcId = 'vpc-0a1b2c3d4e5f60718';
  readonly subnetId = 'subnet-0a1b2c3d4e5f60718';
  /** An account may have no default VPC. */
  hasDefaultVpc = true;
  /** How many instances may run. */
  instanceQuota = 20;
  /** How long it takes to start, to stop and to terminate, in virtual time. */
  startMs = 2000;
  stopMs = 2000;
  host: InstanceHost = { address: '127.0.0.1' };

  /** What costs money or is in the way, by id: empty when everything was cleaned up. */
  leftovers(nowMs: number): string[] {
    const alive = [...this.instances.values()].filter((each) => this.stateOf(each, nowMs) !== 'terminated');
    return [...alive.map(({ id }) => id), ...this.groups.keys(), ...this.keyPairs.keys()];
  }

  stateOf({ wish, wishedMs }: Instance, nowMs: number): InstanceState {
    const isThere = nowMs - wishedMs >= (wish === 'run' ? this.startMs : this.stopMs);
    return STATES[wish][isThere ? 1 : 0];
  }

  /** The instances that still hold what they use. */
  holders(nowMs: number): Instance[] {
    return [...this.instances.values()].filter((each) => this.stateOf(each, nowMs) !== 'terminated');
  }
}

export type InstanceState = (typeof STATES)[Wish][number];

const STATES = {
  run: ['pending', 'running'],
  stop: ['stopping', 'stopped'],
  terminate: ['shutting-down', 'terminated'],
} as const;

/** The codes of the service for its states. */
export const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
};
