import type { BlockBudget, Run } from './runs.ts';
import type { Volume } from './volume.ts';

/**
 * The way of ext2 and ext3 (ifork.rst, "Direct/Indirect Block Addressing"): numbers of blocks, 0 for holes. The inode has
 * twelve of them, and one each of a block with numbers, of a block with numbers of such blocks, and so once more.
 */
const DIRECT = 12;
const NUMBER_BYTES = 4;

/** The blocks that numbers name, as few runs as there are stretches; holes are left out. */
export function runsOfNumbers(numbers: readonly number[], firstBlock: number): readonly Run[] {
  const runs: { block: number; count: number; place: number }[] = [];
  for (const [index, place] of numbers.entries()) {
    if (place === 0) continue;
    const block = firstBlock + index;
    const last = runs.at(-1);
    if (last !== undefined && last.block + last.count === block && last.place + last.count === place) {
      last.count += 1;
    } else runs.push({ block, count: 1, place });
  }
  return runs;
}

/** All stretches of a file in their order, up to a number of blocks. `content` is what the inode has. */
export async function* mappedRuns(
  content: Buffer,
  blocks: number,
  volume: Volume,
  budget: BlockBudget,
): AsyncGenerator<Run> {
  const inBlock = volume.superblock.blockBytes / NUMBER_BYTES;
  const visit = async function* (
    numbers: readonly number[],
    level: number,
    first: number,
  ): AsyncGenerator<Run> {
    if (level === 0) {
      for (const run of runsOfNumbers(numbers, first)) {
        budget.take(run.place ?? 0, run.count);
        yield run;
      }
      return;
    }
    const span = inBlock ** level;
    for (const [index, place] of numbers.entries()) {
      const start = first + index * span;
      if (start >= blocks) return;
      if (place === 0) continue;
      budget.take(place, 1);
      yield* visit(numbersIn(await volume.block(place)), level - 1, start);
    }
  };
  const numbers = numbersIn(content);
  yield* visit(numbers.slice(0, DIRECT), 0, 0);
  let first = DIRECT;
  for (const level of [1, 2, 3]) {
    yield* visit(numbers.slice(DIRECT + level - 1, DIRECT + level), level, first);
    first += inBlock ** level;
  }
}

function numbersIn(bytes: Buffer): readonly number[] {
  return Array.from({ length: bytes.length / NUMBER_BYTES }, (_, index) =>
    bytes.readUInt32LE(index * NUMBER_BYTES),
  );
}
