import { type Block, GetSnapshotBlockCommand, ListSnapshotBlocksCommand } from '@aws-sdk/client-ebs';
import { BuilderError } from '../errors.ts';
import { inOrder } from '../system/in-order.ts';
import type { AwsRegion } from './aws-region.ts';
import { type DiskBlock, ZERO_SHA256, sha256Of } from './block.ts';
import { type BlockList, readBlockList } from './block-list.ts';

const PAGE = 10_000;
const READS_AT_ONCE = 16;
/** How many blocks are read of a sample, spread over the disk. */
const SAMPLE_BLOCKS = 16;

export interface ReadBackInput {
  readonly region: AwsRegion;
  readonly snapshotId: string;
  readonly list: BlockList;
  /** Whether every block is read; otherwise a sample. */
  readonly all: boolean;
  readonly onRead: (readBlocks: number, blocks: number) => void;
}

/** A block of the snapshot, and what should be in it. */
interface ListedBlock {
  readonly index: number;
  readonly token: string;
  readonly sha256: Buffer;
}

/**
 * Compares a completed snapshot with the disk: every block of the disk must be listed, and those that are read must
 * be what the disk has there. Fails with `compare-failed`.
 */
export async function readBack(input: ReadBackInput): Promise<void> {
  const { list, all, region, snapshotId, onRead } = input;
  const step = all ? 1 : Math.max(1, Math.ceil(list.dataBlocks / SAMPLE_BLOCKS));
  const total = Math.ceil(list.dataBlocks / step);
  let done = 0;
  const read = async (block: ListedBlock): Promise<number> => {
    await requireEqual(region, snapshotId, block);
    return 1;
  };
  const chosen = everyNth(matched(listBlocks(region, snapshotId), readBlockList(list), snapshotId), step);
  for await (const count of inOrder(chosen, READS_AT_ONCE, read)) {
    done += count;
    onRead(done, Math.max(done, total));
  }
}

/** The blocks that a snapshot has, its parents' too, in the order of the disk. */
async function* listBlocks(region: AwsRegion, snapshotId: string): AsyncGenerator<Block> {
  let next: string | undefined;
  do {
    const command = new ListSnapshotBlocksCommand({
      SnapshotId: snapshotId,
      MaxResults: PAGE,
      NextToken: next,
    });
    const page = await region.ask('ebs:ListSnapshotBlocks', (abortSignal) =>
      region.ebs.send(command, { abortSignal }),
    );
    yield* page.Blocks ?? [];
    next = page.NextToken;
  } while (next !== undefined);
}

/** Puts listed blocks and the disk's together. What is listed, and is not in the disk's list, must be zeros. */
async function* matched(
  listed: AsyncGenerator<Block>,
  blocks: AsyncGenerator<DiskBlock>,
  snapshotId: string,
): AsyncGenerator<ListedBlock> {
  let wanted = await nextOf(blocks);
  for await (const { BlockIndex: index = -1, BlockToken: token = '' } of listed) {
    if (wanted !== undefined && wanted.index < index) throw missing(wanted.index, snapshotId);
    const isData = wanted?.index === index;
    yield { index, token, sha256: isData && wanted !== undefined ? wanted.sha256 : ZERO_SHA256 };
    if (isData) wanted = await nextOf(blocks);
  }
  if (wanted !== undefined) throw missing(wanted.index, snapshotId);
}

async function requireEqual(region: AwsRegion, snapshotId: string, block: ListedBlock): Promise<void> {
  const { index, token, sha256 } = block;
  const command = new GetSnapshotBlockCommand({
    SnapshotId: snapshotId,
    BlockIndex: index,
    BlockToken: token,
  });
  const found = await region.ask('ebs:GetSnapshotBlock', async (abortSignal) => {
    const answer = await region.ebs.send(command, { abortSignal });
    return sha256Of((await answer.BlockData?.transformToByteArray()) ?? new Uint8Array());
  });
  if (found.equals(sha256)) return;
  throw new BuilderError('compare-failed', `block ${index} of ${snapshotId} is not what the disk has there`, {
    hint: 'publish cleanup removes the snapshot; then publish again',
  });
}

async function* everyNth<Item>(items: AsyncIterable<Item>, step: number): AsyncGenerator<Item> {
  let place = 0;
  for await (const item of items) {
    if (place % step === 0) yield item;
    place += 1;
  }
}

async function nextOf(blocks: AsyncGenerator<DiskBlock>): Promise<DiskBlock | undefined> {
  const result = await blocks.next();
  return result.done === true ? undefined : result.value;
}

function missing(index: number, snapshotId: string): BuilderError {
  return new BuilderError('compare-failed', `block ${index} of the disk is not in ${snapshotId}`, {
    hint: 'publish cleanup removes the snapshot; then publish again',
  });
}
