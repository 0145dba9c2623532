import { GetEbsEncryptionByDefaultCommand } from '@aws-sdk/client-ec2';
import { BuilderError } from '../errors.ts';
import type { AwsRegion } from './aws-region.ts';
import { volumeGibOf } from './block.ts';
import { type BlockList, findBlockList } from './block-list.ts';
import type { BootMode } from './boot-modes.ts';
import { chooseParent, type Parent, planUpon } from './choose-parent.ts';
import { publishKey } from './identity.ts';
import { findPublished, type OwnImage } from './images.ts';
import { countBlocks } from './plan-blocks.ts';
import { keyFor, type PublishRequest } from './publish-request.ts';
import { SentJournal } from './sent-journal.ts';
import { findSnapshots, type OwnSnapshot } from './snapshots.ts';
import { KEY_TAG, type SnapshotFacts } from './tags.ts';

/** What is to be there at the end. */
export interface Wanted {
  readonly name: string;
  readonly description: string;
  readonly list: BlockList;
  readonly bootMode: BootMode;
  readonly volumeGib: number;
  readonly isEncrypted: boolean;
  readonly keyArn: string | undefined;
  /** The key that is asked for: its ARN, or `default`, or `none`. */
  readonly encryption: string;
  readonly writesZeros: boolean;
  /** See `publishKey`. */
  readonly key: string;
}

/** What is there already. */
export interface Found {
  readonly image: OwnImage | undefined;
  /** Of this very publish: completed, or pending and to be gone on with. */
  readonly snapshot: OwnSnapshot | undefined;
  /** What the snapshot stands on, or is to stand on. */
  readonly parent: Parent | undefined;
  /** A pending snapshot of this publish whose parent's list is lost: it cannot be gone on with. */
  readonly stale: OwnSnapshot | undefined;
  /** How many blocks the snapshot has, upon its parent. */
  readonly plannedBlocks: number;
  /** How many of them are there, as this computer remembers. */
  readonly sentBlocks: number;
  /** Images of this publish in the regions to copy to. */
  readonly copies: ReadonlyMap<string, OwnImage>;
}

export interface WantedInput {
  readonly name: string;
  readonly description: string;
  readonly list: BlockList;
  readonly bootMode: BootMode;
  readonly request: PublishRequest;
  /** The regions that encrypt every snapshot. */
  readonly encrypting: readonly string[];
}

/** Which of the regions encrypt every snapshot, whatever is asked for. */
export async function encryptingRegions(regions: readonly AwsRegion[]): Promise<readonly string[]> {
  const byDefault = await Promise.all(regions.map(encryptsByDefault));
  return regions.filter((_region, place) => byDefault[place]).map(({ name }) => name);
}

/** Decides what is to be made, by the request and by what the account does to all snapshots. Fails with `settings-invalid`. */
export function decideWanted({
  name,
  description,
  list,
  bootMode,
  request,
  encrypting,
}: WantedInput): Wanted {
  const [unshareableIn] = typeof request.encryption === 'string' ? encrypting : [];
  if (request.share.length > 0 && unshareableIn !== undefined) throw unshareable(unshareableIn);
  const isEncrypted = request.encryption !== 'none' || encrypting.includes(request.region);
  const keyArn = keyFor(request, request.region);
  const encryption = keyArn ?? (isEncrypted ? 'default' : 'none');
  const writesZeros = request.allBlocks || isEncrypted || encrypting.length > 0;
  const key = publishKey({ diskDigest: list.digest, name, bootMode, encryption });
  const volumeGib = volumeGibOf(list.diskBytes);
  return { name, description, list, bootMode, volumeGib, isEncrypted, keyArn, encryption, writesZeros, key };
}

/** What the tags of a snapshot of this publish say. */
export function factsOf(wanted: Wanted, parentId?: string): SnapshotFacts {
  const { name, key, list, writesZeros, encryption } = wanted;
  return { name, key, diskDigest: list.digest, writesZeros, encryption, parentId };
}

/** Looks what is there of it. Fails with `ami-name-taken` when the name is another image's, in any of the regions. */
export async function lookAround(
  wanted: Wanted,
  folder: string,
  region: AwsRegion,
  copyRegions: readonly AwsRegion[],
): Promise<Found> {
  const image = await findPublished(region, wanted);
  const copies = new Map<string, OwnImage>();
  for (const target of copyRegions) {
    const copy = await findPublished(target, wanted);
    if (copy !== undefined) copies.set(target.name, copy);
  }
  const snapshots = await findSnapshots(region, [{ Name: 'tag-key', Values: [KEY_TAG] }]);
  const ofThis = snapshots.filter(({ key }) => key === wanted.key);
  const own =
    ofThis.find((each) => each.state === 'completed' && (each.writesZeros || !wanted.writesZeros)) ??
    ofThis.find((each) => each.state === 'pending' && each.writesZeros === wanted.writesZeros);
  const known = await parentOf(own, snapshots, folder);
  const isStale = own?.state === 'pending' && own.parentId !== undefined && known === undefined;
  const snapshot = isStale ? undefined : own;
  const parent = snapshot === undefined ? await chooseParent(snapshots, folder, wanted) : known;
  const plannedBlocks = await countBlocks(planUpon(parent, wanted));
  return {
    image,
    copies,
    snapshot,
    parent,
    stale: isStale ? own : undefined,
    plannedBlocks,
    sentBlocks: snapshot?.state === 'completed' ? plannedBlocks : SentJournal.count(folder, snapshot?.id),
  };
}

async function parentOf(
  snapshot: OwnSnapshot | undefined,
  snapshots: readonly OwnSnapshot[],
  folder: string,
): Promise<Parent | undefined> {
  const parent = snapshots.find(({ id }) => id === snapshot?.parentId);
  const list = parent && (await findBlockList(folder, parent.diskDigest));
  return parent && list && { snapshot: parent, list };
}

async function encryptsByDefault(region: AwsRegion): Promise<boolean> {
  const answer = await region.ask('ec2:GetEbsEncryptionByDefault', (abortSignal) =>
    region.ec2.send(new GetEbsEncryptionByDefaultCommand({}), { abortSignal }),
  );
  return answer.EbsEncryptionByDefault === true;
}

function unshareable(region: string): BuilderError {
  const message = `the account encrypts every snapshot in ${region} with its default key, and such an image cannot be shared`;
  return new BuilderError('settings-invalid', message, { hint: 'give --kms-key, or leave --share out' });
}
