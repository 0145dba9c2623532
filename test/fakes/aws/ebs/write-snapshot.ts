import { createHash } from 'node:crypto';
import { z } from 'zod';
import { BLOCK_BYTES } from '../block-store.ts';
import type { Answer, Call } from '../service.ts';
import { ServiceError } from '../service-error.ts';
import { headerText } from '../signature.ts';
import { ACCOUNT, type Snapshot } from '../world.ts';
import { invalid, json, snapshotOf } from './validation.ts';

const GIB = 1024 ** 3;
const LARGEST_VOLUME_GIB = 65_536;

const StartRequest = z.strictObject({
  VolumeSize: z.int().min(1).max(LARGEST_VOLUME_GIB),
  ParentSnapshotId: z.string().optional(),
  Tags: z
    .array(z.strictObject({ Key: z.string().max(127), Value: z.string().max(255) }))
    .max(50)
    .optional(),
  Description: z.string().max(255).optional(),
  ClientToken: z.string().max(255).optional(),
  Encrypted: z.boolean().optional(),
  KmsKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[^:]+:\d{12}:/)
    .optional(),
  Timeout: z.int().min(10).max(4320).optional(),
});

type StartRequest = z.infer<typeof StartRequest>;

export function startSnapshot(call: Call): Answer {
  const { world, region } = call;
  const parsed = StartRequest.safeParse(JSON.parse(call.body.toString('utf8')));
  if (!parsed.success) throw invalid('INVALID_PARAMETER_VALUE', z.prettifyError(parsed.error));
  const request = parsed.data;
  const known = region.remembered(request.ClientToken, request, 'ConflictException');
  if (known !== undefined) return started(call, known, request);
  const parent = parentOf(call, request);
  refuseOverQuota(call);
  const nowMs = world.clock.nowMs();
  const snapshot: Snapshot = {
    id: world.newId('snap'),
    description: request.Description ?? '',
    volumeSizeGib: request.VolumeSize,
    startMs: nowMs,
    parent,
    kmsKeyArn: keyOf(call, request, parent),
    timeoutMinutes: request.Timeout ?? 60,
    tags: new Map((request.Tags ?? []).map(({ Key, Value }) => [Key, Value])),
    blocks: new Map(),
    sharedWith: new Set(),
    lastWriteMs: nowMs,
    sealedMs: undefined,
  };
  region.snapshots.set(snapshot.id, snapshot);
  region.remember(request.ClientToken, request, snapshot.id);
  return started(call, snapshot.id, request);
}

/** The result of the original request, also when the snapshot is gone meanwhile. */
function started({ region, world }: Call, id: string, request: StartRequest): Answer {
  const snapshot = region.snapshot(id);
  return json(201, {
    SnapshotId: id,
    OwnerId: ACCOUNT,
    Status: 'pending',
    StartTime: (snapshot?.startMs ?? world.clock.nowMs()) / 1000,
    VolumeSize: request.VolumeSize,
    BlockSize: BLOCK_BYTES,
    Tags: request.Tags ?? [],
    ...(request.ParentSnapshotId === undefined ? {} : { ParentSnapshotId: request.ParentSnapshotId }),
    ...(snapshot?.kmsKeyArn === undefined ? {} : { KmsKeyArn: snapshot.kmsKeyArn }),
  });
}

function parentOf(call: Call, request: StartRequest): Snapshot | undefined {
  if (request.ParentSnapshotId === undefined) return undefined;
  const parent = snapshotOf(call, request.ParentSnapshotId);
  if (request.Encrypted !== undefined || request.KmsKeyArn !== undefined) {
    throw invalid('INVALID_PARAMETER_VALUE', 'Encrypted and KmsKeyArn cannot be given with ParentSnapshotId');
  }
  if (call.world.stateOf(parent) !== 'completed') {
    throw invalid('INVALID_SNAPSHOT_ID', `the parent ${parent.id} is not completed`);
  }
  if (request.VolumeSize < parent.volumeSizeGib) {
    throw invalid(
      'INVALID_VOLUME_SIZE',
      `${request.VolumeSize} GiB is less than the parent's ${parent.volumeSizeGib}`,
    );
  }
  if (call.region.encryptionByDefault && parent.kmsKeyArn === undefined) {
    throw invalid('INVALID_PARAMETER_VALUE', 'encryption by default is on, and the parent is not encrypted');
  }
  return parent;
}

function keyOf({ region }: Call, request: StartRequest, parent: Snapshot | undefined): string | undefined {
  if (parent !== undefined) return parent.kmsKeyArn;
  if (request.KmsKeyArn !== undefined && request.Encrypted !== true) {
    throw invalid('INVALID_PARAMETER_VALUE', 'KmsKeyArn needs Encrypted');
  }
  if (request.KmsKeyArn !== undefined && request.KmsKeyArn.split(':')[3] !== region.name) {
    throw invalid(
      'INVALID_CUSTOMER_KEY',
      `the key ${request.KmsKeyArn} is of another region than ${region.name}`,
    );
  }
  if (request.Encrypted !== true && !region.encryptionByDefault) return undefined;
  return request.KmsKeyArn ?? region.defaultKeyArn;
}

function refuseOverQuota({ region, world }: Call): void {
  const pending = [...region.snapshots.values()].filter((each) => world.stateOf(each) === 'pending').length;
  if (pending < world.pendingSnapshotQuota) return;
  throw new ServiceError(
    'ServiceQuotaExceededException',
    `Your quota of ${world.pendingSnapshotQuota} pending snapshots is used up.`,
    { status: 402, reason: 'DEPENDENCY_SERVICE_QUOTA_EXCEEDED' },
  );
}

export function putSnapshotBlock(call: Call, [id = '', indexText = '']: readonly string[]): Answer {
  const { world, request, body } = call;
  const snapshot = writable(call, id);
  const index = Number(indexText);
  if (index * BLOCK_BYTES >= snapshot.volumeSizeGib * GIB) {
    throw invalid('INVALID_BLOCK', `block ${index} lies behind the volume's end`);
  }
  if (headerText(request, 'x-amz-Data-Length') !== String(BLOCK_BYTES) || body.length !== BLOCK_BYTES) {
    throw invalid('INVALID_BLOCK', `a block is ${BLOCK_BYTES} bytes long, not ${body.length}`);
  }
  if (headerText(request, 'x-amz-Checksum-Algorithm') !== 'SHA256') {
    throw invalid('INVALID_PARAMETER_VALUE', 'x-amz-Checksum-Algorithm must be SHA256');
  }
  const progress = Number(headerText(request, 'x-amz-Progress') ?? 0);
  if (!(progress >= 0 && progress <= 100))
    throw invalid('INVALID_PARAMETER_VALUE', 'x-amz-Progress is 0 to 100');
  const digest = call.sha256.toString('base64');
  if (headerText(request, 'x-amz-Checksum') !== digest) {
    throw invalid('INVALID_BLOCK', 'the checksum is not that of the data');
  }
  world.store.put(digest, body);
  snapshot.blocks.set(index, digest);
  snapshot.lastWriteMs = world.clock.nowMs();
  return json(201, {}, { 'x-amz-Checksum': digest, 'x-amz-Checksum-Algorithm': 'SHA256' });
}

export function completeSnapshot(call: Call, [id = '']: readonly string[]): Answer {
  const { world, request } = call;
  const snapshot = writable(call, id);
  const count = headerText(request, 'x-amz-ChangedBlocksCount');
  if (count !== String(snapshot.blocks.size)) {
    const message = `x-amz-ChangedBlocksCount is ${count}, and ${snapshot.blocks.size} blocks were written`;
    throw invalid('INVALID_PARAMETER_VALUE', message);
  }
  const aggregate = headerText(request, 'x-amz-Checksum');
  if (aggregate !== undefined) {
    if (headerText(request, 'x-amz-Checksum-Aggregation-Method') !== 'LINEAR') {
      throw invalid('INVALID_PARAMETER_VALUE', 'x-amz-Checksum-Aggregation-Method must be LINEAR');
    }
    if (aggregate !== linearChecksum(snapshot)) {
      throw invalid('INVALID_PARAMETER_VALUE', 'the checksum is not that of the blocks that were written');
    }
  }
  snapshot.sealedMs = world.clock.nowMs();
  return json(202, { Status: 'pending' });
}

/** SHA-256 over the blocks' digests, one after another in the order of the blocks. */
function linearChecksum({ blocks }: Snapshot): string {
  const hash = createHash('sha256');
  for (const [, digest] of [...blocks].sort(([a], [b]) => a - b)) hash.update(Buffer.from(digest, 'base64'));
  return hash.digest('base64');
}

function writable(call: Call, id: string): Snapshot {
  const snapshot = snapshotOf(call, id);
  if (snapshot.sealedMs === undefined && call.world.stateOf(snapshot) === 'pending') return snapshot;
  throw invalid('INVALID_SNAPSHOT_ID', `The snapshot '${id}' is not in the state pending, or was completed`);
}
