import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BuilderError } from '../../src/errors.ts';
import type { ByteSource } from '../../src/guest/byte-source.ts';
import { run } from '../../src/system/process.ts';
import { Scope } from '../../src/system/scope.ts';
import { guestOf, makeFileSystem, writeTree } from './guest-rig.ts';

const scope = new Scope();
afterAll(() => scope[Symbol.asyncDispose]());

const MIB = 1024 ** 2;
/** Of each file; a damaged size may say terabytes of zeros, which are as many as they are. */
const LOOK_BYTES = 4 * MIB;
/** A whole look at the image takes some dozens. */
const MOST_READS = 5000;

/** A disk in memory that counts how often it is read, and gives up where a reader would go on for ever. */
function memorySource(bytes: Buffer): ByteSource {
  let reads = 0;
  return {
    name: 'disk',
    sizeBytes: bytes.length,
    read: (offsetBytes, target) => {
      reads += 1;
      if (reads > MOST_READS) throw new Error('it reads without an end');
      if (offsetBytes < 0 || offsetBytes + target.length > bytes.length) throw new Error('it reads outside');
      bytes.copy(target, 0, offsetBytes);
      return Promise.resolve();
    },
  };
}

/** Reads all names, and the beginning of every file. */
async function lookAtAll(bytes: Buffer): Promise<number> {
  const guest = await guestOf(memorySource(bytes));
  let names = 0;
  for await (const file of guest.files()) {
    names += 1;
    if (file.type !== 'file') continue;
    let doneBytes = 0;
    for await (const piece of guest.content(file)) {
      doneBytes += piece.length;
      if (doneBytes > LOOK_BYTES) break;
    }
  }
  return names;
}

describe.each([
  ['ext4', ['-t', 'ext4', '-b', '1024', '-O', 'inline_data', '-I', '256', '-N', '128']],
  ['ext2', ['-t', 'ext2', '-b', '1024', '-N', '128']],
])('a damaged %s', (_kind, args) => {
  let whole: Buffer;
  /** Where anything but zeros lies: the tables, folders, trees, and little else. */
  let places: number[];

  beforeAll(async () => {
    const files = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`/etc/${index % 7}/some file ${index}`, 'x'.repeat(index)]),
    );
    const tree = await writeTree(scope, { ...files, '/large': 'large '.repeat(70_000) });
    await symlink('far/'.repeat(30), join(tree, 'link'));
    // With holes, so that trees of extents and maps of blocks have more than one level.
    for (let stripe = 0; stripe < 40; stripe += 1) {
      await run(
        [
          'dd',
          'if=/dev/zero',
          `of=${tree}/striped`,
          'conv=notrunc',
          'bs=1',
          'count=1',
          `seek=${stripe * 8192}`,
        ],
        {
          capture: false,
        },
      );
    }
    whole = await readFile(await makeFileSystem(scope, tree, { args, sizeMiB: 2 }));
    const text = 'large '.charCodeAt(0);
    places = Array.from(whole.keys()).filter((at) => whole[at] !== 0 && whole[at] !== text);
  });

  it('is read to the end when nothing is wrong', async () => {
    expect(await lookAtAll(whole)).toBeGreaterThan(70);
  });

  it('ends in a coded error, or is read to the end: never otherwise', async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const place = fc.nat({ max: places.length - 1 }).map((index) => places[index] ?? 0);
    const damage = fc.array(fc.tuple(place, byte), { minLength: 1, maxLength: 8 });
    const outcomes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        outcomes.add(await outcomeOf(bytes));
      }),
      { numRuns: 400 },
    );
    // It was tried, and found out.
    expect([...outcomes]).toEqual(expect.arrayContaining(['read', 'guest-damaged']));
    expect([...outcomes].filter((outcome) => !/^(read|guest-\w+)$/.test(outcome))).toEqual([]);
  });

  it('ends so too when a stretch of it is rubbish, or belongs to another place', async () => {
    const block = fc.nat({ max: whole.length / 1024 - 1 });
    await fc.assert(
      fc.asyncProperty(block, block, fc.uint8Array({ maxLength: 64 }), async (from, to, rubbish) => {
        const bytes = Buffer.from(whole);
        whole.copy(bytes, to * 1024, from * 1024, (from + 1) * 1024);
        bytes.set(rubbish, from * 1024);
        expect(await outcomeOf(bytes)).toMatch(/^(read|guest-\w+)$/);
      }),
      { numRuns: 400 },
    );
  });
});

async function outcomeOf(bytes: Buffer): Promise<string> {
  try {
    await lookAtAll(bytes);
    return 'read';
  } catch (thrown) {
    if (thrown instanceof BuilderError) return thrown.code;
    throw thrown;
  }
}
