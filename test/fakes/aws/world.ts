import { createHash } from 'node:crypto';
import { BlockStore } from './block-store.ts';
import { Machines } from './ec2/machines.ts';
import { Faults } from './faults.ts';
import { ServiceError } from './service-error.ts';
import { VirtualClock } from './virtual-clock.ts';

export type Tags = Map<string, string>;
export type SnapshotState = 'pending' | 'completed' | 'error';

export interface Snapshot {
  readonly id: string;
  readonly description: string;
  readonly volumeSizeGib: number;
  readonly startMs: number;
  readonly parent: Snapshot | undefined;
  readonly kmsKeyArn: string | undefined;
  readonly timeoutMinutes: number;
  readonly tags: Tags;
  /** The digests (base64) of the blocks that were written to it, by index; those of its parent are not among them. */
  readonly blocks: Map<number, string>;
  readonly sharedWith: Set<string>;
  lastWriteMs: number;
  /** When writing was ended. */
  sealedMs: number | undefined;
}

export interface BlockDevice {
  readonly deviceName: string;
  readonly snapshotId: string;
  readonly volumeType: string;
  readonly volumeSizeGib: number;
  readonly deleteOnTermination: boolean;
}

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly architecture: string;
  readonly virtualizationType: string;
  readonly rootDeviceName: string;
  readonly blockDevices: readonly BlockDevice[];
  readonly enaSupport: boolean;
  readonly sriovNetSupport: string | undefined;
  readonly bootMode: string | undefined;
  imdsSupport: string | undefined;
  /** The account that has published it; without one it is this account's. */
  readonly owner?: string | undefined;
  readonly creationMs: number;
  /** Until when it is pending. */
  readonly availableMs: number;
  readonly tags: Tags;
  readonly sharedWith: Set<string>;
  deprecationTime: string | undefined;
}

/** A request that may come again, and what it made. */
interface Remembered {
  readonly fingerprint: string;
  readonly id: string;
}

/** All that there is in one region. */
export class Region {
  readonly name: string;
  readonly snapshots = new Map<string, Snapshot>();
  readonly images = new Map<string, Image>();
  readonly machines = new Machines();
  /** The account's setting: every new snapshot is encrypted. */
  encryptionByDefault = false;
  readonly #tokens = new Map<string, Remembered>();

  constructor(name: string) {
    this.name = name;
  }

  get defaultKeyArn(): string {
    return `arn:aws:kms:${this.name}:${ACCOUNT}:key/00000000-0000-0000-0000-aws0ebs0000`;
  }

  snapshot(id: string): Snapshot | undefined {
    return this.snapshots.get(id);
  }

  /** What an earlier request with this token made, if there was one. Refuses one that asked for something else. */
  remembered(token: string | undefined, request: unknown, conflict: string): string | undefined {
    const known = token === undefined ? undefined : this.#tokens.get(token);
    if (known === undefined) return undefined;
    if (known.fingerprint === fingerprint(request)) return known.id;
    throw new ServiceError(conflict, `the token ${token} was used for another request`, { status: 409 });
  }

  remember(token: string | undefined, request: unknown, id: string): void {
    if (token !== undefined) this.#tokens.set(token, { fingerprint: fingerprint(request), id });
  }
}

export const ACCOUNT = '111122223333';

export interface WorldOptions {
  readonly regions?: readonly string[];
  /** How much faster than the real time the virtual one runs. */
  readonly speed?: number;
}

/** The account: everything that requests change, and what a test may turn. */
export class World {
  readonly clock: VirtualClock;
  readonly faults = new Faults();
  readonly store = new BlockStore();
  readonly regions: ReadonlyMap<string, Region>;
  readonly accessKey = 'AKIAIOSFODNN7EXAMPLE';
  readonly secretKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
  /** Actions that the user may not do, as in a policy: `ebs:PutSnapshotBlock`. */
  readonly denied = new Set<string>();
  /** How many snapshots may be pending at a time. */
  pendingSnapshotQuota = 100;
  /** How long sealing, registering and copying take, in virtual time. */
  completionMs = 5000;
  registrationMs = 2000;
  copyMs = 20_000;
  /** How many items a page holds at most, whatever was asked for. */
  pageLimit = 1000;
  /** Every request, oldest first: `PutSnapshotBlock`. */
  readonly requests: string[] = [];
  #lastId = 0;

  constructor({ regions = ['us-west-2', 'us-east-1', 'eu-central-1'], speed = 1 }: WorldOptions = {}) {
    this.clock = new VirtualClock(speed);
    this.regions = new Map(regions.map((name) => [name, new Region(name)]));
  }

  /** A region that is known to be there. */
  region(name: string): Region {
    const region = this.regions.get(name);
    if (region === undefined) throw new Error(`this world has no region ${name}`);
    return region;
  }

  newId(prefix: string): string {
    this.#lastId += 1;
    return `${prefix}-${createHash('sha256').update(String(this.#lastId)).digest('hex').slice(0, 17)}`;
  }

  stateOf(snapshot: Snapshot): SnapshotState {
    const nowMs = this.clock.nowMs();
    if (snapshot.sealedMs !== undefined) {
      return nowMs - snapshot.sealedMs >= this.completionMs ? 'completed' : 'pending';
    }
    return nowMs - snapshot.lastWriteMs > snapshot.timeoutMinutes * 60_000 ? 'error' : 'pending';
  }

  isAvailable(image: Image): boolean {
    return this.clock.nowMs() >= image.availableMs;
  }

  /** Every block of a snapshot, its parents' too: index and digest, in the order of the index. */
  blocksOf(snapshot: Snapshot): [number, string][] {
    const all = new Map<number, string>();
    for (let each: Snapshot | undefined = snapshot; each !== undefined; each = each.parent) {
      for (const [index, digest] of each.blocks) if (!all.has(index)) all.set(index, digest);
    }
    return [...all].sort(([a], [b]) => a - b);
  }

  /** The digest of one block, its own or a parent's. */
  digestOf(snapshot: Snapshot, index: number): string | undefined {
    for (let each: Snapshot | undefined = snapshot; each !== undefined; each = each.parent) {
      const digest = each.blocks.get(index);
      if (digest !== undefined) return digest;
    }
    return undefined;
  }

  /** How often an action was asked for. */
  countOf(action: string): number {
    return this.requests.filter((each) => each === action).length;
  }

  close(): void {
    this.store.close();
  }
}

function fingerprint(request: unknown): string {
  return JSON.stringify(request);
}
