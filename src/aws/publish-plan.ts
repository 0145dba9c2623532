import type { PlanRow } from '../events.ts';
import { BLOCK_BYTES } from './block.ts';
import type { PublishRequest } from './publish-request.ts';
import type { Found, Wanted } from './situation.ts';

const LIST_PAGE = 10_000;
const SAMPLE_BLOCKS = 16;
const MIB = 1024 ** 2;
/** Looking, starting, completing, waiting, registering. */
const OTHER_REQUESTS = 20;

/** About how many requests a publish takes: those that AWS bills for are the first two. */
export interface Requests {
  readonly writes: number;
  readonly reads: number;
  readonly others: number;
}

export function estimateRequests(wanted: Wanted, found: Found, request: PublishRequest): Requests {
  if (found.image !== undefined) return { writes: 0, reads: 0, others: OTHER_REQUESTS };
  const { dataBlocks } = wanted.list;
  return {
    writes: Math.max(0, found.plannedBlocks - found.sentBlocks),
    reads: request.verify ? dataBlocks : Math.min(SAMPLE_BLOCKS, dataBlocks),
    others: OTHER_REQUESTS + Math.ceil(dataBlocks / LIST_PAGE) + 10 * request.copyTo.length,
  };
}

/** What will be done, and why, as rows for people. */
export function planRows(wanted: Wanted, found: Found, request: PublishRequest): readonly PlanRow[] {
  const { writes, reads, others } = estimateRequests(wanted, found, request);
  return [
    { label: 'image', value: `${wanted.name} in ${request.region}`, ...imageWhy(found) },
    { label: 'boot mode', value: wanted.bootMode },
    { label: 'volume', value: `${wanted.volumeGib} GiB, ${mebibytes(wanted.list.dataBlocks)} of data` },
    { label: 'snapshot', ...snapshotRow(found) },
    { label: 'encryption', ...encryptionRow(wanted, request) },
    { label: 'to send', value: `${writes} blocks, ${mebibytes(writes)}` },
    { label: 'requests', value: `about ${writes} to write, ${reads} to read, ${others} others` },
    ...request.copyTo.map((region) => ({
      label: `copy to ${region}`,
      value: found.copies.get(region)?.id ?? 'new',
      ...(found.copies.has(region) ? { why: 'it is there' } : {}),
    })),
    ...(request.share.length === 0 ? [] : [{ label: 'share with', value: request.share.join(', ') }]),
    ...(request.deprecateAt === undefined
      ? []
      : [{ label: 'deprecate at', value: request.deprecateAt.toISOString() }]),
  ];
}

function imageWhy({ image }: Found): { why?: string } {
  return image === undefined ? {} : { why: `it is there: ${image.id}` };
}

function snapshotRow({ image, snapshot, parent }: Found): Pick<PlanRow, 'value' | 'why'> {
  if (image !== undefined) return { value: image.snapshotIds.join(', ') };
  const upon = parent === undefined ? {} : { why: `upon ${parent.snapshot.id}: only what differs` };
  if (snapshot === undefined) return { value: 'new', ...upon };
  if (snapshot.state === 'completed') return { value: snapshot.id, why: 'it is there' };
  return { value: snapshot.id, why: 'an earlier run began it' };
}

function encryptionRow(wanted: Wanted, request: PublishRequest): Pick<PlanRow, 'value' | 'why'> {
  if (wanted.isEncrypted) {
    const value = wanted.keyArn ?? 'with the default key';
    return request.encryption === 'none' ? { value, why: 'the account encrypts all snapshots' } : { value };
  }
  if (!wanted.writesZeros) return { value: 'none' };
  const why = request.allBlocks ? '--all-blocks' : 'a region to copy to encrypts all snapshots';
  return { value: 'none, but all blocks are written', why };
}

function mebibytes(blocks: number): string {
  return `${Math.ceil((blocks * BLOCK_BYTES) / MIB)} MiB`;
}
