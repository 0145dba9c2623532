import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../src/errors.ts';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { readStreamVmdk, walkStreamVmdk } from '../support/stream-vmdk-reader.ts';
import { DiskBench, MEBIBYTE, smallOutput } from './convert-rig.ts';

/** Debian's own Python has the bindings; another one in PATH may not. */
const PYTHON = '/usr/bin/python3';
const READER = join(import.meta.dirname, 'convert-read.py');
const GRAIN = 65_536;
/** So much of the disk has a grain table of its own. */
const TABLE = 512 * GRAIN;

/** A disk of so many bytes, written to by qemu-io and converted; read back by three readers. */
async function expectSame(sizeBytes: number, commands: readonly string[]): Promise<Buffer> {
  await using bench = await DiskBench.open();
  await bench.create('disk.qcow2', 'qcow2', sizeBytes);
  if (commands.length > 0) await bench.write('disk.qcow2', 'qcow2', ...commands);
  const [artifact] = await bench.convert('disk.qcow2', 'vmdk-stream');
  const path = bench.at('out/disk.stream.vmdk');
  const sha256 = await hashFile(await bench.rawOf('disk.qcow2', 'qcow2'));
  expect(await hashFile(path)).toBe(artifact?.sha256);
  expect(await hashFile(await bench.rawOf('out/disk.stream.vmdk', 'vmdk'))).toBe(sha256);
  expect((await run([PYTHON, READER, 'vmdk', path])).stdout.trim()).toBe(`${sizeBytes} ${sha256}`);
  const file = await readFile(path);
  const { grains } = readStreamVmdk(file);
  // Zeros are left out, and an import that reads the stream by its markers sees the same grains.
  for (const content of grains.values()) expect(content.equals(Buffer.alloc(GRAIN))).toBe(false);
  expect([...walkStreamVmdk(file)].map(([index]) => index)).toEqual([...grains.keys()]);
  return file;
}

describe('vmdk-stream', () => {
  it.each([
    ['an empty disk', 64 * MEBIBYTE, []],
    ['one sector', 512, ['write -P 1 0 512']],
    ['one sector that is zero', 512, ['write -P 0 0 512']],
    ['a size that is no multiple of the grain', 10 * MEBIBYTE + 1536, [`write -P 7 ${10 * MEBIBYTE} 1536`]],
    [
      'data on both sides of the border of two grain tables',
      3 * TABLE,
      [
        `write -P 3 ${TABLE - 512} 1024`,
        `write -P 4 ${2 * TABLE - GRAIN} ${2 * GRAIN}`,
        `write -P 5 ${3 * TABLE - 512} 512`,
      ],
    ],
    [
      'a grain table in the middle that is all zero',
      3 * TABLE,
      ['write -P 1 0 1M', `write -P 2 ${2 * TABLE} 1M`],
    ],
    ['zeros that were written', 16 * MEBIBYTE, ['write -P 0 0 8M', 'write -P 9 8M 512', 'write -z 9M 1M']],
    ['a disk that is full of data', 24 * MEBIBYTE, ['write -P 0x5a 0 24M']],
  ] as const)('holds %s', async (_what, sizeBytes, commands) => {
    await expectSame(sizeBytes, commands);
  });

  it('holds any small disk', async () => {
    const write = fc.record({
      start: fc.nat(5 * 128),
      sectors: fc.integer({ min: 1, max: 200 }),
      byte: fc.nat(255),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 900, max: 1100 }),
        fc.array(write, { maxLength: 5 }),
        async (sectors, writes) => {
          await expectSame(
            sectors * 512,
            writes.map(({ start, sectors: count, byte }) => `write -P ${byte} ${start * 512} ${count * 512}`),
          );
        },
      ),
      { numRuns: 8 },
    );
  });

  it('holds data that cannot be compressed, hardly larger than they are', async () => {
    await using bench = await DiskBench.open();
    await writeFile(bench.at('disk.raw'), randomBytes(8 * MEBIBYTE));
    await bench.convert('disk.raw', 'vmdk-stream');
    const path = bench.at('out/disk.stream.vmdk');
    expect(await hashFile(await bench.rawOf('out/disk.stream.vmdk', 'vmdk'))).toBe(
      await hashFile(bench.at('disk.raw')),
    );
    expect((await stat(path)).size).toBeLessThan(8 * MEBIBYTE * 1.02);
  });

  it('reads through a chain, also one that is compressed', async () => {
    await using bench = await DiskBench.open();
    await bench.create('plain.qcow2', 'qcow2', 16 * MEBIBYTE);
    await bench.write('plain.qcow2', 'qcow2', 'write -P 1 0 8M');
    const base = bench.at('base.qcow2');
    await run(['qemu-img', 'convert', '-c', '-O', 'qcow2', bench.at('plain.qcow2'), base]);
    await bench.createOverlay('disk.qcow2', 'base.qcow2');
    await bench.write('disk.qcow2', 'qcow2', 'write -P 2 4M 8M');
    await bench.convert('disk.qcow2', 'vmdk-stream');
    const expected = await hashFile(await bench.rawOf('disk.qcow2', 'qcow2'));
    expect(await hashFile(await bench.rawOf('out/disk.stream.vmdk', 'vmdk'))).toBe(expected);
  });

  it('costs little for the size of a disk of 100 GiB with little data', async () => {
    await using bench = await DiskBench.open();
    const sizeBytes = 100 * 1024 * MEBIBYTE;
    await bench.create('disk.qcow2', 'qcow2', sizeBytes);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 1M', `write -P 2 ${sizeBytes - 512} 512`);
    const startMs = performance.now();
    const [artifact] = await bench.convert('disk.qcow2', 'vmdk-stream');
    expect(performance.now() - startMs).toBeLessThan(15_000);
    expect(artifact?.bytes).toBeLessThan(MEBIBYTE);
  });

  it('tells its progress, and is named like its file inside', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 32 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 32M');
    await bench.convert('disk.qcow2', 'vmdk-stream');
    const fractions = bench.events.flatMap((event) => (event.type === 'progress' ? [event.fraction] : []));
    expect(fractions.length).toBeGreaterThan(10);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);
    expect((await readFile(bench.at('out/disk.stream.vmdk'))).toString('latin1', 512, 1536)).toContain(
      'SPARSE "disk.stream.vmdk"',
    );
  });

  it('leaves nothing when it is stopped in the middle', async () => {
    await using bench = await DiskBench.open();
    await writeFile(bench.at('disk.raw'), randomBytes(64 * MEBIBYTE));
    const controller = new AbortController();
    const converting = bench.convert('disk.raw', 'vmdk-stream', {
      signal: controller.signal,
      emit: (event) => {
        const isInTheMiddle =
          event.type === 'progress' && event.item === 'vmdk-stream' && event.fraction > 0.1;
        if (isInTheMiddle) controller.abort(new Interrupted('SIGINT'));
      },
    });
    await expect(converting).rejects.toBeInstanceOf(Interrupted);
    expect(await bench.list()).toEqual([]);
  });

  it('tells of a disk that runs full, and leaves nothing', async () => {
    await using bench = await DiskBench.open();
    await writeFile(bench.at('disk.raw'), randomBytes(30 * MEBIBYTE));
    // Room by the look of it, since the check before counts two MiB for tables; not when another file comes.
    await smallOutput(bench, 34 * MEBIBYTE);
    const converting = bench.convert('disk.raw', 'vmdk-stream', {
      emit: () => void writeFile(bench.at('out/other'), Buffer.alloc(8 * MEBIBYTE)).catch(() => undefined),
    });
    await expect(converting).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringMatching(/^no room in .*\/out for vmdk-stream: /) as string,
    });
    expect(await bench.list()).toEqual(['other']);
  });

  it('tells when the source cannot be served', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 1M');
    await bench.wrapTool('qemu-nbd', 'echo "qemu-nbd: no luck today" >&2; exit 1');
    await expect(bench.convert('disk.qcow2', 'vmdk-stream')).rejects.toMatchObject({
      code: 'convert-failed',
      message: 'vmdk-stream cannot be made: no luck today',
    });
    expect(await bench.list()).toEqual([]);
  });
});
