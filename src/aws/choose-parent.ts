import { volumeBlocks } from './block.ts';
import { type BlockList, findBlockList, readBlockList } from './block-list.ts';
import { countBlocks, type PlannedBlock, planBlocks } from './plan-blocks.ts';
import type { OwnSnapshot } from './snapshots.ts';

/** Older ones are hardly nearer to the disk than these. */
const MOST_CANDIDATES = 5;

/** A snapshot to stand on, and what is in it. */
export interface Parent {
  readonly snapshot: OwnSnapshot;
  readonly list: BlockList;
}

export interface ParentNeeds {
  readonly list: BlockList;
  readonly volumeGib: number;
  readonly writesZeros: boolean;
  readonly isEncrypted: boolean;
  /** The key that was asked for; a child has its parent's. */
  readonly encryption: string;
}

/** Whether the service lets a snapshot with these needs stand on another one, and it then reads as the disk. */
export function canStandOn(parent: OwnSnapshot, needs: ParentNeeds): boolean {
  if (parent.state !== 'completed' || parent.volumeGib > needs.volumeGib) return false;
  if ((parent.keyArn !== undefined) !== needs.isEncrypted) return false;
  if (parent.encryption !== needs.encryption) return false;
  return parent.writesZeros || !needs.writesZeros;
}

/**
 * The snapshot upon which the fewest blocks must be sent, of the newest whose block lists are still on this computer.
 * Undefined when upon none of them less must be sent than upon nothing.
 */
export async function chooseParent(
  snapshots: readonly OwnSnapshot[],
  folder: string,
  needs: ParentNeeds,
): Promise<Parent | undefined> {
  const candidates: Parent[] = [];
  for (const snapshot of snapshots.filter((each) => canStandOn(each, needs))) {
    const list = await findBlockList(folder, snapshot.diskDigest);
    if (list !== undefined) candidates.push({ snapshot, list });
    if (candidates.length === MOST_CANDIDATES) break;
  }
  let best: Parent | undefined;
  let fewest = await countBlocks(planUpon(undefined, needs));
  for (const parent of candidates) {
    // A damaged list is no reason to fail: there is one parent less.
    const count = await countBlocks(planUpon(parent, needs)).catch(() => Number.POSITIVE_INFINITY);
    if (count >= fewest) continue;
    best = parent;
    fewest = count;
  }
  return best;
}

/** The blocks to write for a disk upon a parent, or upon nothing. */
export function planUpon(
  parent: Parent | undefined,
  { list, volumeGib, writesZeros }: Pick<ParentNeeds, 'list' | 'volumeGib' | 'writesZeros'>,
): AsyncGenerator<PlannedBlock> {
  return planBlocks({
    blocks: readBlockList(list),
    blockCount: volumeBlocks(volumeGib),
    writesZeros,
    parent: parent && {
      blocks: readBlockList(parent.list),
      blockCount: volumeBlocks(parent.snapshot.volumeGib),
    },
  });
}
