import { createHash } from 'node:crypto';
import {
  CompleteSnapshotCommand,
  EBSClient,
  PutSnapshotBlockCommand,
  StartSnapshotCommand,
} from '@aws-sdk/client-ebs';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { AwsStandIn } from './aws-stand-in.ts';
import { BLOCK_BYTES } from './block-store.ts';

process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** Clients as a test of the stand-in wants them: the real SDK, and no second try. */
export function clientsOf(
  aws: AwsStandIn,
  region = 'us-west-2',
  secretAccessKey: string = aws.world.secretKey,
): { ebs: EBSClient; ec2: EC2Client } {
  const credentials = { accessKeyId: aws.world.accessKey, secretAccessKey };
  const config = { region, endpoint: aws.endpoint, credentials, maxAttempts: 1 };
  return { ebs: new EBSClient(config), ec2: new EC2Client(config) };
}

export function block(fill: number): Buffer {
  return Buffer.alloc(BLOCK_BYTES, fill);
}

export function digestOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('base64');
}

/** What PutSnapshotBlock is given for a block. */
export function putRequest(snapshotId: string, index: number, data: Buffer): PutSnapshotBlockCommand {
  return new PutSnapshotBlockCommand({
    SnapshotId: snapshotId,
    BlockIndex: index,
    BlockData: data,
    DataLength: data.length,
    Checksum: digestOf(data),
    ChecksumAlgorithm: 'SHA256',
  });
}

/** A snapshot with these blocks, sealed; it is completed when the virtual time has come. */
export async function makeSnapshot(
  ebs: EBSClient,
  blocks: Readonly<Record<number, number>>,
  options: { readonly ParentSnapshotId?: string } = {},
): Promise<string> {
  const { SnapshotId = '' } = await ebs.send(new StartSnapshotCommand({ VolumeSize: 1, ...options }));
  for (const [index, fill] of Object.entries(blocks)) {
    await ebs.send(putRequest(SnapshotId, Number(index), block(fill)));
  }
  const ChangedBlocksCount = Object.keys(blocks).length;
  await ebs.send(new CompleteSnapshotCommand({ SnapshotId, ChangedBlocksCount }));
  return SnapshotId;
}
