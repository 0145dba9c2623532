import type { BlockBudget, Run } from './runs.ts';
import type { Volume } from './volume.ts';

/** Trees of extents: ifork.rst, "Extent Tree". A node is a header and entries of the same size. */
const MAGIC = 0xf30a;
const ENTRY_BYTES = 12;
const DEEPEST = 5;
/** Longer ones are not written yet, and so much shorter. */
const LONGEST_WRITTEN = 32768;

/** A node says where other nodes are, or at depth 0 where the file is. */
export interface ExtentNode {
  readonly depth: number;
  readonly children: readonly number[];
  readonly runs: readonly Run[];
}

/** Reads a node; undefined when it is none. */
export function parseExtentNode(bytes: Buffer): ExtentNode | undefined {
  const entries = bytes.readUInt16LE(2);
  const depth = bytes.readUInt16LE(6);
  if (bytes.readUInt16LE(0) !== MAGIC || depth > DEEPEST) return undefined;
  if ((entries + 1) * ENTRY_BYTES > bytes.length) return undefined;
  const places = Array.from({ length: entries }, (_, index) => (index + 1) * ENTRY_BYTES);
  if (depth > 0) return { depth, children: places.map((at) => childAt(bytes, at)), runs: [] };
  return { depth, children: [], runs: places.map((at) => runAt(bytes, at)) };
}

function childAt(bytes: Buffer, at: number): number {
  return bytes.readUInt16LE(at + 8) * 2 ** 32 + bytes.readUInt32LE(at + 4);
}

function runAt(bytes: Buffer, at: number): Run {
  const length = bytes.readUInt16LE(at + 4);
  const isWritten = length <= LONGEST_WRITTEN;
  return {
    block: bytes.readUInt32LE(at),
    count: isWritten ? length : length - LONGEST_WRITTEN,
    place: isWritten ? bytes.readUInt16LE(at + 6) * 2 ** 32 + bytes.readUInt32LE(at + 8) : undefined,
  };
}

/** All extents of a file in the order of their tree, whose root is in the inode. */
export async function* extentRuns(root: Buffer, volume: Volume, budget: BlockBudget): AsyncGenerator<Run> {
  const visit = async function* (bytes: Buffer, wantedDepth: number | undefined): AsyncGenerator<Run> {
    const node = parseExtentNode(bytes);
    if (node === undefined || node.depth !== (wantedDepth ?? node.depth)) {
      throw volume.damaged("a file's tree of extents is broken");
    }
    for (const run of node.runs) {
      if (run.place !== undefined) budget.take(run.place, run.count);
      yield run;
    }
    for (const child of node.children) {
      budget.take(child, 1);
      yield* visit(await volume.block(child), node.depth - 1);
    }
  };
  yield* visit(root, undefined);
}
