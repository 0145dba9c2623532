import { createHash } from 'node:crypto';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { BLOCK_BYTES, ZERO_BLOCK } from './block.ts';
import type { PlannedBlock } from './plan-blocks.ts';
import type { SentJournal } from './sent-journal.ts';
import { type DiskReader, readBlock } from './survey-disk.ts';

export interface UploadInput {
  readonly plan: AsyncIterable<PlannedBlock>;
  readonly reader: DiskReader;
  readonly diskBytes: number;
  readonly journal: SentJournal;
  readonly limit: AdaptiveLimit;
  /** Writes a block and makes sure that it arrived. */
  readonly put: (block: PlannedBlock, data: Buffer) => Promise<void>;
  /** Is told after each block how many are written by now, sent before or by this run. */
  readonly onWritten: (blocks: number) => void;
  readonly signal: AbortSignal;
}

export interface Uploaded {
  /** How many blocks the plan has, and the snapshot with it. */
  readonly writtenBlocks: number;
  /** How many of them this run sent. */
  readonly sentBlocks: number;
  /** SHA-256 over the digests of all written blocks in their order. */
  readonly checksum: Buffer;
}

/** Sends the blocks of a plan that the journal does not know, many at once. The first failure ends it, when all under way have ended. */
export async function uploadBlocks(input: UploadInput): Promise<Uploaded> {
  const { plan, journal, limit, signal, onWritten } = input;
  const checksum = createHash('sha256');
  const underWay = new Set<Promise<void>>();
  const buffers: Buffer[] = [];
  const failures: unknown[] = [];
  let [writtenBlocks, sentBlocks] = [0, 0];
  for await (const block of plan) {
    checksum.update(block.sha256);
    writtenBlocks += 1;
    if (journal.has(block.index)) continue;
    await limit.enter();
    if (failures.length > 0 || signal.aborted) {
      limit.leave(undefined);
      break;
    }
    const sending = sendBlock(input, block, buffers)
      .then(() => {
        sentBlocks += 1;
        onWritten(journal.count);
      })
      .catch((thrown: unknown) => void failures.push(thrown))
      .finally(() => underWay.delete(sending));
    underWay.add(sending);
  }
  await Promise.all(underWay);
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return { writtenBlocks, sentBlocks, checksum: checksum.digest() };
}

async function sendBlock(input: UploadInput, block: PlannedBlock, buffers: Buffer[]): Promise<void> {
  const { reader, diskBytes, journal, limit, put } = input;
  let tookMs: number | undefined;
  try {
    const target = block.isZero ? ZERO_BLOCK : (buffers.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES));
    if (!block.isZero) await readBlock(reader, diskBytes, block.index, target);
    const startMs = performance.now();
    await put(block, target);
    tookMs = performance.now() - startMs;
    journal.add(block.index);
    // Only after a success: a request that broke may still hold its buffer.
    if (!block.isZero) buffers.push(target);
  } finally {
    limit.leave(tookMs);
  }
}
