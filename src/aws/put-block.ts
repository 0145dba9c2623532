import { PutSnapshotBlockCommand } from '@aws-sdk/client-ebs';
import { BuilderError } from '../errors.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import type { AwsRegion } from './aws-region.ts';
import { BLOCK_BYTES, sha256Of } from './block.ts';
import { failureKind } from './failures.ts';
import type { PlannedBlock } from './plan-blocks.ts';

/** The service said that it has other data than it was sent; sending them again is all that can be done. */
class WrongEcho extends BuilderError {
  override readonly name = 'WrongEcho';

  constructor(index: number, checksum: string | undefined) {
    super(
      'aws-unavailable',
      `block ${index} arrives damaged: its checksum comes back as ${checksum ?? 'nothing'}`,
      {
        hint: 'see whether something between here and AWS changes the data; the same command goes on with what was sent',
      },
    );
  }
}

/** Makes the function that writes blocks of one snapshot. Trouble on the way makes the limit smaller. */
export function blockWriter(
  region: AwsRegion,
  snapshotId: string,
  limit: AdaptiveLimit,
): (block: PlannedBlock, data: Buffer) => Promise<void> {
  return async ({ index, sha256 }, data) => {
    const checksum = sha256.toString('base64');
    const put = async (abortSignal: AbortSignal): Promise<void> => {
      const command = new PutSnapshotBlockCommand({
        SnapshotId: snapshotId,
        BlockIndex: index,
        BlockData: data,
        DataLength: BLOCK_BYTES,
        Checksum: checksum,
        ChecksumAlgorithm: 'SHA256',
      });
      addPayloadHash(command, sha256);
      const answer = await region.ebs.send(command, { abortSignal });
      if (answer.Checksum === checksum) return;
      throw new WrongEcho(index, answer.Checksum);
    };
    await region
      .ask('ebs:PutSnapshotBlock', put, {
        isTransient: (thrown) => thrown instanceof WrongEcho,
        onRetry: (thrown) => {
          if (['throttled', 'timeout', 'server'].includes(failureKind(thrown))) limit.shrink();
        },
      })
      .catch((thrown: unknown) => {
        // The service compares data and digest; when it is right, the disk is not what it was.
        throw sha256Of(data).equals(sha256) ? thrown : changed(index, thrown);
      });
  };
}

/** Tells the signer the hash of the body, which it would otherwise compute once more. */
function addPayloadHash(command: PutSnapshotBlockCommand, sha256: Buffer): void {
  const add = (request: unknown): void => {
    const isRequest = typeof request === 'object' && request !== null && 'headers' in request;
    if (isRequest)
      Object.assign(request.headers as object, { 'x-amz-content-sha256': sha256.toString('hex') });
  };
  command.middlewareStack.add(
    (next) => (args) => {
      add(args.request);
      return next(args);
    },
    { step: 'build' },
  );
}

function changed(index: number, cause: unknown): BuilderError {
  const place = `${(index * BLOCK_BYTES) / 1024 ** 2} MiB`;
  return new BuilderError('input-unreadable', `the disk was changed while it was read, at ${place}`, {
    hint: 'stop whatever writes to it, and publish again',
    cause,
  });
}
