import type { Tag } from '@aws-sdk/client-ec2';

/** The tag that everything made by this program carries; its value is the key of the publish. The policy asks for it. */
export const KEY_TAG = 'netsil-builder';
/** The digest of the disk that a snapshot is of. */
const DISK_TAG = `${KEY_TAG}:disk`;
/** `all` when blocks of zeros were written, too, otherwise `data`. */
const BLOCKS_TAG = `${KEY_TAG}:blocks`;
/** The key that was asked for: its ARN, or `default`, or `none`. */
const ENCRYPTION_TAG = `${KEY_TAG}:encryption`;
/** The snapshot that it stands on, or nothing. */
const PARENT_TAG = `${KEY_TAG}:parent`;

/** What the tags of an image say. */
export interface ImageFacts {
  readonly name: string;
  /** Of the publish. */
  readonly key: string;
  /** Whether blocks of zeros were written, too. */
  readonly writesZeros: boolean;
}

/** What the tags of a snapshot say. */
export interface SnapshotFacts extends ImageFacts {
  readonly diskDigest: string;
  /** The key that it is encrypted with: its ARN, or `default`, or `none`. */
  readonly encryption: string;
  readonly parentId: string | undefined;
}

/** The tags of a snapshot, for whoever looks at it and for later publishes. */
export function snapshotTags(facts: SnapshotFacts): { Key: string; Value: string }[] {
  return [
    { Key: 'Name', Value: facts.name },
    { Key: KEY_TAG, Value: facts.key },
    { Key: DISK_TAG, Value: facts.diskDigest },
    { Key: BLOCKS_TAG, Value: facts.writesZeros ? 'all' : 'data' },
    { Key: ENCRYPTION_TAG, Value: facts.encryption },
    { Key: PARENT_TAG, Value: facts.parentId ?? '' },
  ];
}

/** The tags of an image. */
export function imageTags({ name, key, writesZeros }: ImageFacts): { Key: string; Value: string }[] {
  return [
    { Key: 'Name', Value: name },
    { Key: KEY_TAG, Value: key },
    { Key: BLOCKS_TAG, Value: writesZeros ? 'all' : 'data' },
  ];
}

export function keyOf(tags: readonly Tag[] | undefined): string | undefined {
  return valueOf(tags, KEY_TAG);
}

/** Whether all blocks were written. */
export function hasZeros(tags: readonly Tag[] | undefined): boolean {
  return valueOf(tags, BLOCKS_TAG) === 'all';
}

/** What the tags of a snapshot say; undefined when they are not this program's. */
export function readSnapshotTags(tags: readonly Tag[] | undefined): SnapshotFacts | undefined {
  const [key, diskDigest] = [keyOf(tags), valueOf(tags, DISK_TAG)];
  if (key === undefined || diskDigest === undefined) return undefined;
  return {
    name: valueOf(tags, 'Name') ?? '',
    key,
    diskDigest,
    writesZeros: hasZeros(tags),
    encryption: valueOf(tags, ENCRYPTION_TAG) ?? 'none',
    parentId: valueOf(tags, PARENT_TAG) || undefined,
  };
}

function valueOf(tags: readonly Tag[] | undefined, name: string): string | undefined {
  return tags?.find(({ Key }) => Key === name)?.Value;
}
