import { CompleteSnapshotCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs';
import {
  DeleteSnapshotCommand,
  type Filter,
  paginateDescribeSnapshots,
  type Snapshot,
} from '@aws-sdk/client-ec2';
import { BuilderError } from '../errors.ts';
import { type AwsRegion, awsErrorName } from './aws-region.ts';
import { readSnapshotTags, type SnapshotFacts, snapshotTags } from './tags.ts';
import { waitUntil } from './wait-until.ts';

/** The longest that the service allows between two blocks: a run may be gone on with after a weekend. */
const WRITE_TIMEOUT_MINUTES = 4320;
const PAGE = 200;
const COMPLETION_TIMEOUT_MS = 60 * 60_000;

/** A snapshot that this program made. */
export interface OwnSnapshot extends SnapshotFacts {
  readonly id: string;
  readonly state: 'pending' | 'completed' | 'error';
  readonly volumeGib: number;
  readonly startedAt: Date;
  /** Undefined when it is not encrypted. */
  readonly keyArn: string | undefined;
}

/** The snapshots of this account that carry this program's tags and pass the filters, the newest first. */
export async function findSnapshots(region: AwsRegion, filters: readonly Filter[]): Promise<OwnSnapshot[]> {
  return region.ask('ec2:DescribeSnapshots', async (abortSignal) => {
    const found: OwnSnapshot[] = [];
    const input = { OwnerIds: ['self'], Filters: [...filters] };
    for await (const page of paginateDescribeSnapshots({ client: region.ec2, pageSize: PAGE }, input, {
      abortSignal,
    })) {
      found.push(...(page.Snapshots ?? []).map(ownSnapshot).filter((each) => each !== undefined));
    }
    return found.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime());
  });
}

/** A snapshot as it stands; undefined when it is not there, or not yet to be seen. */
export async function lookAtSnapshot(region: AwsRegion, id: string): Promise<OwnSnapshot | undefined> {
  return (await findSnapshots(region, [{ Name: 'snapshot-id', Values: [id] }]))[0];
}

export interface StartInput {
  readonly token: string;
  readonly facts: SnapshotFacts;
  readonly volumeGib: number;
  readonly description: string;
  readonly isEncrypted: boolean;
  readonly keyArn: string | undefined;
}

/** Starts a snapshot, or returns the one that was started with the same token. */
export async function startSnapshot(
  region: AwsRegion,
  input: StartInput,
): Promise<{ id: string; isEncrypted: boolean }> {
  const { parentId } = input.facts;
  const command = new StartSnapshotCommand({
    VolumeSize: input.volumeGib,
    ClientToken: input.token,
    Description: input.description,
    Timeout: WRITE_TIMEOUT_MINUTES,
    Tags: snapshotTags(input.facts),
    // The service refuses both beside a parent, whose encryption counts.
    ...(parentId !== undefined
      ? { ParentSnapshotId: parentId }
      : input.isEncrypted
        ? { Encrypted: true }
        : {}),
    ...(parentId === undefined && input.keyArn !== undefined ? { KmsKeyArn: input.keyArn } : {}),
  });
  const answer = await region.ask('ebs:StartSnapshot', (abortSignal) =>
    region.ebs.send(command, { abortSignal }),
  );
  if (answer.SnapshotId === undefined) throw new Error('StartSnapshot answers without an id');
  return { id: answer.SnapshotId, isEncrypted: answer.KmsKeyArn !== undefined };
}

/** Ends the writing. `checksum` is over the digests of all written blocks in their order. */
export async function completeSnapshot(
  region: AwsRegion,
  id: string,
  writtenBlocks: number,
  checksum: Buffer,
): Promise<void> {
  let wasRetried = false;
  const command = new CompleteSnapshotCommand({
    SnapshotId: id,
    ChangedBlocksCount: writtenBlocks,
    ...(writtenBlocks === 0
      ? {}
      : {
          Checksum: checksum.toString('base64'),
          ChecksumAlgorithm: 'SHA256',
          ChecksumAggregationMethod: 'LINEAR',
        }),
  });
  const onRetry = (): void => {
    wasRetried = true;
  };
  await region
    .ask('ebs:CompleteSnapshot', (abortSignal) => region.ebs.send(command, { abortSignal }), { onRetry })
    .catch((thrown: unknown) => {
      // The first try may have been done, and its answer lost; whether it was, the snapshot's state tells.
      if (!wasRetried || awsErrorName(thrown) !== 'ValidationException') throw thrown;
    });
}

/** Waits until a snapshot can be used. Fails with `aws-refused` when the service gave it up. */
export async function waitForSnapshot(
  region: AwsRegion,
  id: string,
  signal: AbortSignal,
): Promise<OwnSnapshot> {
  const look = async (): Promise<OwnSnapshot | undefined> => {
    const snapshot = await lookAtSnapshot(region, id);
    if (snapshot?.state !== 'error') return snapshot?.state === 'completed' ? snapshot : undefined;
    throw new BuilderError('aws-refused', `AWS gave the snapshot ${id} in ${region.name} up`, {
      hint: 'publish cleanup removes it; then publish again',
    });
  };
  return waitUntil(look, { what: `completing ${id}`, timeoutMs: COMPLETION_TIMEOUT_MS, signal });
}

/** Deletes a snapshot; one that is gone is fine. */
export async function deleteSnapshot(region: AwsRegion, id: string): Promise<void> {
  const command = new DeleteSnapshotCommand({ SnapshotId: id });
  await region
    .ask('ec2:DeleteSnapshot', (abortSignal) => region.ec2.send(command, { abortSignal }))
    .catch((thrown: unknown) => {
      if (awsErrorName(thrown) !== 'InvalidSnapshot.NotFound') throw thrown;
    });
}

function ownSnapshot(snapshot: Snapshot): OwnSnapshot | undefined {
  const facts = readSnapshotTags(snapshot.Tags);
  const { SnapshotId: id, State: state } = snapshot;
  if (facts === undefined || id === undefined) return undefined;
  return {
    ...facts,
    id,
    state: state === 'pending' || state === 'completed' ? state : 'error',
    volumeGib: snapshot.VolumeSize ?? 0,
    startedAt: snapshot.StartTime ?? new Date(0),
    keyArn: snapshot.Encrypted === true ? (snapshot.KmsKeyId ?? 'unknown') : undefined,
  };
}
