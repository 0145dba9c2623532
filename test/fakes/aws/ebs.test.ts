import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  type EBSClient,
  GetSnapshotBlockCommand,
  ListChangedBlocksCommand,
  ListSnapshotBlocksCommand,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AwsStandIn } from './aws-stand-in.ts';
import { BLOCK_BYTES } from './block-store.ts';
import { block, clientsOf, digestOf, makeSnapshot, putRequest } from './sdk.ts';

let aws: AwsStandIn;
let ebs: EBSClient;

beforeEach(async () => {
  aws = await AwsStandIn.start();
  ({ ebs } = clientsOf(aws));
});
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
});

async function start(
  options: Partial<ConstructorParameters<typeof StartSnapshotCommand>[0]> = {},
): Promise<string> {
  const { SnapshotId = '' } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...options }));
  return SnapshotId;
}

function refusal(name: string, Reason?: string): unknown {
  return expect.objectContaining({ name, ...(Reason === undefined ? {} : { Reason }) }) as unknown;
}

describe('writing a snapshot', () => {
  it('keeps blocks and gives them back when it is completed', async () => {
    const id = await makeSnapshot(ebs, { 0: 1, 7: 2 });
    aws.world.clock.moveOn(aws.world.completionMs);
    const { Blocks = [], BlockSize } = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }));
    expect(BlockSize).toBe(BLOCK_BYTES);
    expect(Blocks.map(({ BlockIndex }) => BlockIndex)).toEqual([0, 7]);
    const answer = await ebs.send(
      new GetSnapshotBlockCommand({ SnapshotId: id, BlockIndex: 7, BlockToken: Blocks[1]?.BlockToken }),
    );
    const data = Buffer.from((await answer.BlockData?.transformToByteArray()) ?? []);
    expect(data.equals(block(2))).toBe(true);
    expect(answer.Checksum).toBe(digestOf(data));
  });

  it('echoes the checksum, and takes the same block again', async () => {
    const id = await start();
    const first = await ebs.send(putRequest(id, 3, block(1)));
    expect(first.Checksum).toBe(digestOf(block(1)));
    await ebs.send(putRequest(id, 3, block(9)));
    await ebs.send(new CompleteSnapshotCommand({ SnapshotId: id, ChangedBlocksCount: 1 }));
  });

  it.each([
    ['data of another length', { BlockData: Buffer.alloc(4096), DataLength: 4096 }, 'INVALID_BLOCK'],
    ['a checksum of other data', { Checksum: digestOf(block(5)) }, 'INVALID_BLOCK'],
    ['a block behind the end', { BlockIndex: 2048 }, 'INVALID_BLOCK'],
    ['another algorithm', { ChecksumAlgorithm: 'SHA1' as 'SHA256' }, 'INVALID_PARAMETER_VALUE'],
  ])('refuses %s', async (_what, wrong, reason) => {
    const id = await start();
    const put = new PutSnapshotBlockCommand({ ...putRequest(id, 0, block(1)).input, ...wrong });
    await expect(ebs.send(put)).rejects.toEqual(refusal('ValidationException', reason));
  });

  it('refuses to end with another count of blocks, or another checksum over all', async () => {
    const id = await start();
    await ebs.send(putRequest(id, 1, block(1)));
    await ebs.send(putRequest(id, 0, block(2)));
    const complete = (ChangedBlocksCount: number, Checksum?: string): Promise<unknown> =>
      ebs.send(
        new CompleteSnapshotCommand({
          SnapshotId: id,
          ChangedBlocksCount,
          ...(Checksum === undefined
            ? {}
            : { Checksum, ChecksumAlgorithm: 'SHA256', ChecksumAggregationMethod: 'LINEAR' }),
        }),
      );
    await expect(complete(1)).rejects.toEqual(refusal('ValidationException'));
    await expect(complete(2, digestOf(block(1)))).rejects.toEqual(refusal('ValidationException'));
    const inOrder = [block(2), block(1)].map((data) => createHash('sha256').update(data).digest());
    await complete(2, digestOf(Buffer.concat(inOrder)));
  });

  it('takes nothing more once it was ended, and nothing at all of an unknown snapshot', async () => {
    const id = await makeSnapshot(ebs, { 0: 1 });
    await expect(ebs.send(putRequest(id, 1, block(1)))).rejects.toEqual(
      refusal('ValidationException', 'INVALID_SNAPSHOT_ID'),
    );
    await expect(ebs.send(putRequest('snap-0123456789abcdef0', 1, block(1)))).rejects.toEqual(
      refusal('ResourceNotFoundException', 'SNAPSHOT_NOT_FOUND'),
    );
  });

  it('gives up a snapshot that nothing was written to for its timeout', async () => {
    const id = await start({ Timeout: 10 });
    aws.world.clock.moveOn(9 * 60_000);
    await ebs.send(putRequest(id, 0, block(1)));
    aws.world.clock.moveOn(11 * 60_000);
    await expect(ebs.send(putRequest(id, 1, block(1)))).rejects.toEqual(refusal('ValidationException'));
  });
});

describe('starting a snapshot', () => {
  it('is the same one for the same token, and refuses the token for another request', async () => {
    const ClientToken = 'a'.repeat(64);
    const id = await start({ ClientToken });
    expect(await start({ ClientToken })).toBe(id);
    await expect(start({ ClientToken, VolumeSize: 2 })).rejects.toEqual(refusal('ConflictException'));
  });

  it('stands on a parent, which must be completed, not larger, and decides the encryption', async () => {
    const parent = await makeSnapshot(ebs, { 0: 1, 1: 1 });
    await expect(start({ ParentSnapshotId: parent })).rejects.toEqual(refusal('ValidationException'));
    aws.world.clock.moveOn(aws.world.completionMs);
    await expect(start({ ParentSnapshotId: parent, Encrypted: true })).rejects.toEqual(
      refusal('ValidationException'),
    );
    const child = await makeSnapshot(ebs, { 1: 2, 5: 3 }, { ParentSnapshotId: parent });
    aws.world.clock.moveOn(aws.world.completionMs);
    const all = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: child }));
    expect(all.Blocks?.map(({ BlockIndex }) => BlockIndex)).toEqual([0, 1, 5]);
    const changed = await ebs.send(
      new ListChangedBlocksCommand({ FirstSnapshotId: parent, SecondSnapshotId: child }),
    );
    expect(changed.ChangedBlocks?.map(({ BlockIndex }) => BlockIndex)).toEqual([1, 5]);
    await expect(start({ ParentSnapshotId: 'snap-0123456789abcdef0' })).rejects.toEqual(
      refusal('ResourceNotFoundException'),
    );
  });

  it('is encrypted when it is asked for, or when the account wants it of all', async () => {
    const asked = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, Encrypted: true }));
    expect(asked.KmsKeyArn).toContain(':kms:us-west-2:');
    const plain = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    expect(plain.KmsKeyArn).toBeUndefined();
    aws.world.region('us-west-2').encryptionByDefault = true;
    const forced = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }));
    expect(forced.KmsKeyArn).toContain(':kms:us-west-2:');
  });

  it('refuses more pending ones than the quota', async () => {
    aws.world.pendingSnapshotQuota = 1;
    await start();
    await expect(start()).rejects.toEqual(refusal('ServiceQuotaExceededException'));
  });
});

describe('reading a snapshot', () => {
  it('refuses one that is pending', async () => {
    const id = await start();
    await ebs.send(putRequest(id, 0, block(1)));
    await expect(ebs.send(new ListSnapshotBlocksCommand({ SnapshotId: id }))).rejects.toEqual(
      refusal('ValidationException'),
    );
  });

  it('lists in pages of a hundred at least, and refuses tokens of something else', async () => {
    const blocks = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [index, 1]));
    const SnapshotId = await makeSnapshot(ebs, blocks);
    aws.world.clock.moveOn(aws.world.completionMs);
    const first = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, MaxResults: 100 }));
    expect(first.Blocks).toHaveLength(100);
    const { NextToken } = first;
    const second = await ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, NextToken }));
    expect(second.Blocks?.map(({ BlockIndex }) => BlockIndex)).toEqual([100]);
    expect(second.NextToken).toBeUndefined();
    await expect(
      ebs.send(new ListSnapshotBlocksCommand({ SnapshotId, NextToken: 'another' })),
    ).rejects.toEqual(refusal('ValidationException', 'INVALID_PAGE_TOKEN'));
    const BlockToken = first.Blocks?.[0]?.BlockToken;
    await expect(
      ebs.send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex: 5, BlockToken })),
    ).rejects.toEqual(refusal('ValidationException', 'INVALID_BLOCK_TOKEN'));
  });
});

describe('who may ask', () => {
  it('refuses a wrong secret, an unknown key and an unknown region', async () => {
    const wrongSecret = clientsOf(aws, 'us-west-2', 'another');
    await expect(wrongSecret.ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toEqual(
      refusal('InvalidSignatureException'),
    );
    const elsewhere = clientsOf(aws, 'mars-north-1');
    await expect(elsewhere.ebs.send(new StartSnapshotCommand({ VolumeSize: 1 }))).rejects.toThrow(
      /valid region, not 'mars-north-1'/,
    );
    const answer = await fetch(`${aws.endpoint}/snapshots`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(403);
    expect(answer.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
  });

  it('names the action that is denied', async () => {
    aws.world.denied.add('ebs:StartSnapshot');
    await expect(start()).rejects.toThrow(/not authorized to perform: ebs:StartSnapshot/);
  });
});

describe('faults', () => {
  it('come for the next requests, in order, and then no more', async () => {
    const id = await start();
    const put = (): Promise<string | undefined> =>
      ebs.send(putRequest(id, 0, block(1))).then(({ Checksum }) => Checksum);
    aws.world.faults.next('PutSnapshotBlock', { kind: 'throttle' });
    aws.world.faults.next('PutSnapshotBlock', { kind: 'unavailable' });
    aws.world.faults.next('PutSnapshotBlock', { kind: 'corrupt-echo' });
    await expect(put()).rejects.toEqual(refusal('RequestThrottledException', 'RESOURCE_LEVEL_THROTTLE'));
    await expect(put()).rejects.toMatchObject({ $metadata: { httpStatusCode: 503 } });
    expect(await put()).not.toBe(digestOf(block(1)));
    expect(await put()).toBe(digestOf(block(1)));
    expect(aws.world.faults.count).toBe(3);
  });

  it('cut a connection before anything was done, or after', async () => {
    const id = await start();
    const { blocks } = aws.world.region('us-west-2').snapshot(id) ?? { blocks: new Map() };
    aws.world.faults.next('PutSnapshotBlock', { kind: 'cut' });
    await expect(ebs.send(putRequest(id, 0, block(1)))).rejects.toThrow();
    expect(blocks.size).toBe(0);
    aws.world.faults.next('PutSnapshotBlock', { kind: 'cut-after' });
    await expect(ebs.send(putRequest(id, 0, block(1)))).rejects.toThrow();
    expect(blocks.size).toBe(1);
  });

  it('come for a share of the requests, the same ones each time', () => {
    const { faults } = aws.world;
    const draw = (): boolean[] => {
      faults.clear();
      faults.some('PutSnapshotBlock', 0.2, [{ kind: 'throttle' }], 7);
      return Array.from({ length: 200 }, () => faults.take('PutSnapshotBlock') !== undefined);
    };
    const first = draw();
    expect(first.filter(Boolean).length).toBeGreaterThan(20);
    expect(first.filter(Boolean).length).toBeLessThan(60);
    expect(draw()).toEqual(first);
    expect(faults.take('StartSnapshot')).toBeUndefined();
  });
});
