import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiskBlock, sha256Of, ZERO_SHA256 } from './block.ts';
import { type PlannedBlock, planBlocks } from './plan-blocks.ts';

const COUNT = 12;

/** What each block of a small volume holds; undefined for zeros. */
type Content = readonly (number | undefined)[];

async function* listOf(content: Content): AsyncGenerator<DiskBlock> {
  for (const [index, fill] of content.entries()) {
    if (fill !== undefined) yield await Promise.resolve({ index, sha256: digestOf(fill) });
  }
}

function digestOf(fill: number): Buffer {
  return sha256Of(Buffer.alloc(8, fill));
}

interface Options {
  readonly parent?: Content | undefined;
  readonly parentCount?: number;
  readonly writesZeros?: boolean;
}

async function plan(
  content: Content,
  { parent, parentCount = COUNT, writesZeros = false }: Options = {},
): Promise<PlannedBlock[]> {
  const planned: PlannedBlock[] = [];
  const before = parent && { blocks: listOf(parent), blockCount: parentCount };
  for await (const block of planBlocks({
    blocks: listOf(content),
    blockCount: COUNT,
    writesZeros,
    parent: before,
  })) {
    planned.push(block);
  }
  return planned;
}

/** What is in a snapshot: a digest for each block that was ever written. */
function written(parent: ReadonlyMap<number, string>, blocks: readonly PlannedBlock[]): Map<number, string> {
  return new Map([...parent, ...blocks.map(({ index, sha256 }) => [index, sha256.toString('hex')] as const)]);
}

const contents = fc.array(fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), {
  minLength: COUNT,
  maxLength: COUNT,
});

describe('planBlocks', () => {
  it('writes blocks with data alone, in the order of the disk', async () => {
    const blocks = await plan([1, undefined, 2, undefined]);
    expect(blocks).toEqual([
      { index: 0, sha256: digestOf(1), isZero: false },
      { index: 2, sha256: digestOf(2), isZero: false },
    ]);
  });

  it('writes every block of the volume when zeros are written too', async () => {
    const blocks = await plan([1], { writesZeros: true });
    expect(blocks.map(({ index }) => index)).toEqual(Array.from({ length: COUNT }, (_, index) => index));
    expect(blocks.filter(({ isZero }) => isZero)).toHaveLength(COUNT - 1);
  });

  it('writes upon a parent what differs, and zeros where only the parent has data', async () => {
    const blocks = await plan([1, 2, undefined, 3], { parent: [1, 9, 4, undefined] });
    expect(blocks.map(({ index, isZero }) => [index, isZero])).toEqual([
      [1, false],
      [2, true],
      [3, false],
    ]);
  });

  it('writes the zeros behind the end of a smaller parent', async () => {
    const blocks = await plan([1], { parent: [1], parentCount: 10, writesZeros: true });
    expect(blocks.map(({ index }) => index)).toEqual([10, 11]);
  });

  it('writes nothing for the same disk', async () => {
    expect(await plan([1, undefined, 2], { parent: [1, undefined, 2] })).toEqual([]);
  });

  it('makes a snapshot upon any parent read as the disk, with no block in vain', async () => {
    await fc.assert(
      fc.asyncProperty(contents, contents, fc.boolean(), async (parent, content, writesZeros) => {
        const before = written(new Map(), await plan(parent, { writesZeros }));
        const blocks = await plan(content, { parent, writesZeros });
        const after = written(before, blocks);
        const zero = ZERO_SHA256.toString('hex');
        for (const [index, fill] of content.entries()) {
          const wanted = fill === undefined ? zero : digestOf(fill).toString('hex');
          expect(after.get(index) ?? (writesZeros ? 'noise' : zero)).toBe(wanted);
        }
        expect(blocks.filter(({ index, sha256 }) => before.get(index) === sha256.toString('hex'))).toEqual(
          [],
        );
      }),
    );
  });
});
