import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { compareDisks } from '../../src/qemu/qemu-img-compare.ts';
import { DiskBench, MEBIBYTE } from './convert-rig.ts';

/** QEMU's answer where a container, or its own build, has no io_uring. Every comparison is noted. */
const WITHOUT_RING = `[ "$1" != compare ] || case "$*" in
  *'"aio":"io_uring"'*)
    echo ring >>"$(dirname "$0")/methods"
    echo "qemu-img: Could not open 'json:...': Unable to use io_uring: failed to init linux io_uring ring" >&2
    exit 2 ;;
  *) echo threads >>"$(dirname "$0")/methods" ;;
esac
exec "$real" "$@"`;

/** A disk whose data and holes lie on both sides of what its tables hold in one piece, and a copy of it. */
async function openBench(): Promise<DiskBench> {
  const bench = await DiskBench.open();
  await bench.create('disk.qcow2', 'qcow2', 96 * MEBIBYTE);
  await bench.write(
    'disk.qcow2',
    'qcow2',
    'write -P 1 0 1M',
    'write -P 2 4095k 2k',
    'write -P 3 33M 64k',
    'write -P 4 95M 1M',
  );
  await bench.convert('disk.qcow2', 'vmdk');
  return bench;
}

async function compareIn(bench: DiskBench): Promise<string | undefined> {
  return compareDisks(
    { path: bench.at('disk.qcow2'), driver: 'qcow2' },
    { path: bench.at('out/disk.vmdk'), driver: 'vmdk' },
  );
}

async function expectTruth(bench: DiskBench): Promise<void> {
  expect(await compareIn(bench)).toBeUndefined();
  await bench.write('out/disk.vmdk', 'vmdk', `write -P 9 ${50 * MEBIBYTE} 512`);
  expect(await compareIn(bench)).toBe(`Content mismatch at offset ${50 * MEBIBYTE}!`);
}

describe('a comparison', () => {
  it('says what cannot be read', async () => {
    await using bench = await openBench();
    const copy = { path: bench.at('nowhere.vmdk'), driver: 'vmdk' };
    await expect(compareDisks({ path: bench.at('disk.qcow2'), driver: 'qcow2' }, copy)).rejects.toMatchObject(
      {
        exitCode: 2,
        tail: expect.arrayContaining([expect.stringMatching(/nowhere.vmdk': No such file/)]) as string[],
      },
    );
  });

  it('finds a sector in the middle of a hole', async () => {
    await using bench = await openBench();
    await expectTruth(bench);
  });

  // The last: what it finds out holds for the whole process.
  it('finds it too where io_uring is refused, and does not ask for that again', async () => {
    await using bench = await openBench();
    await bench.wrapTool('qemu-img', WITHOUT_RING);
    await expectTruth(bench);
    expect((await readFile(bench.at('bin/methods'), 'utf8')).trim().split('\n')).toEqual([
      'ring',
      'threads',
      'threads',
    ]);
  });
});
