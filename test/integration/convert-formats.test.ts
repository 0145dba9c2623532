import { readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { DiskBench, MEBIBYTE } from './convert-rig.ts';

/** Debian's own Python has the bindings; another one in PATH may not. */
const PYTHON = '/usr/bin/python3';
const READER = join(import.meta.dirname, 'convert-read.py');

const SIZES = [
  ['64 MiB', 64 * MEBIBYTE],
  ['a size that is no whole number of MiB', 10 * MEBIBYTE + 512 * 3],
  ['a single sector', 512],
] as const;

interface Opened {
  readonly bench: DiskBench;
  /** The disk's plain bytes, in a file that may be changed. */
  readonly plain: string;
}

/** A disk with data at its beginning, in its last sector, and in between if there is room. */
async function openBench(sizeBytes: number): Promise<Opened> {
  const bench = await DiskBench.open();
  await bench.create('disk.qcow2', 'qcow2', sizeBytes);
  await bench.write('disk.qcow2', 'qcow2', 'write -P 0x11 0 512', `write -P 0x44 ${sizeBytes - 512} 512`);
  if (sizeBytes > 8 * MEBIBYTE) await bench.write('disk.qcow2', 'qcow2', 'write -P 0x22 2096640 3M');
  return { bench, plain: await bench.rawOf('disk.qcow2', 'qcow2') };
}

/** What libvhdi or libvmdk read: the disk's size and its sha256. */
async function readByLibrary(kind: string, path: string): Promise<string> {
  return (await run([PYTHON, READER, kind, path])).stdout.trim();
}

describe.each(SIZES)('convert: %s', (_what, sizeBytes) => {
  it('qcow2-zstd is compressed by zstd and holds the same disk', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    await bench.convert('disk.qcow2', 'qcow2-zstd');
    const { stdout } = await run(['qemu-img', 'info', bench.at('out/disk.zstd.qcow2')]);
    expect(stdout).toMatch(/compression type: zstd/);
    expect(await hashFile(await bench.rawOf('out/disk.zstd.qcow2', 'qcow2'))).toBe(await hashFile(plain));
  });

  it('vhdx is the same disk to libvhdi', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    await bench.convert('disk.qcow2', 'vhdx');
    expect(await readByLibrary('vhd', bench.at('out/disk.vhdx'))).toBe(
      `${sizeBytes} ${await hashFile(plain)}`,
    );
  });

  it('vhd-azure is a fixed VHD of whole MiB, its footer right, the rest zero', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    const [artifact] = await bench.convert('disk.qcow2', 'vhd-azure');
    const path = bench.at('out/disk.azure.vhd');
    const roundedBytes = Math.ceil(sizeBytes / MEBIBYTE) * MEBIBYTE;
    expect(artifact).toMatchObject({ virtualBytes: roundedBytes, bytes: roundedBytes + 512 });
    await truncate(plain, roundedBytes);
    expect(await readByLibrary('vhd', path)).toBe(`${roundedBytes} ${await hashFile(plain)}`);
    const file = await readFile(path);
    expect(file.subarray(0, roundedBytes).equals(await readFile(plain))).toBe(true);
    expectFixedFooter(file.subarray(roundedBytes), roundedBytes);
  });

  it('raw-zst is the raw disk to zstd', async () => {
    const { bench: opened, plain } = await openBench(sizeBytes);
    await using bench = opened;
    const [artifact] = await bench.convert('disk.qcow2', 'raw-zst');
    expect(artifact).toMatchObject({ file: 'disk.raw.zst', virtualBytes: sizeBytes });
    await run(['zstd', '-d', '-q', '-o', bench.at('unpacked'), bench.at('out/disk.raw.zst')]);
    expect(await hashFile(bench.at('unpacked'))).toBe(await hashFile(plain));
    expect(await bench.list()).toEqual(['disk.raw.zst']);
  });
});

/** By Microsoft's "Virtual Hard Disk Image Format Specification" 1.0; numbers are big-endian. */
function expectFixedFooter(footer: Buffer, sizeBytes: number): void {
  expect(footer.length).toBe(512);
  expect(footer.toString('latin1', 0, 8)).toBe('conectix');
  expect(footer.readUInt32BE(12)).toBe(0x0001_0000);
  expect(footer.readBigUInt64BE(16)).toBe(0xffff_ffff_ffff_ffffn);
  expect([Number(footer.readBigUInt64BE(40)), Number(footer.readBigUInt64BE(48))]).toEqual([
    sizeBytes,
    sizeBytes,
  ]);
  expect(footer.readUInt32BE(60)).toBe(2);
  const sum = footer.reduce((total, byte, place) => total + (place >= 64 && place < 68 ? 0 : byte), 0);
  expect(footer.readUInt32BE(64)).toBe(~sum >>> 0);
}

describe('convert: a raw disk compressed by zstd', () => {
  it('takes little time and room for holes, and keeps data between them', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 512 * MEBIBYTE);
    await bench.write(
      'disk.qcow2',
      'qcow2',
      'write -P 1 100M 1M',
      'write -P 2 150M 1M',
      'write -P 3 450M 512',
    );
    const [artifact] = await bench.convert('disk.qcow2', 'raw-zst');
    expect(artifact?.bytes).toBeLessThan(100_000);
    await run(['zstd', '-d', '-q', '-o', bench.at('unpacked'), bench.at('out/disk.raw.zst')]);
    const { size, blocks } = await stat(bench.at('unpacked'));
    expect(size).toBe(512 * MEBIBYTE);
    expect(blocks * 512).toBeLessThan(64 * MEBIBYTE);
    await bench.write(
      'unpacked',
      'raw',
      'read -P 1 100M 1M',
      'read -P 2 150M 1M',
      'read -P 3 450M 512',
      'read -P 0 151M 99M',
    );
  });

  it('is no file when the source cannot be read to its end', async () => {
    await using bench = await DiskBench.open();
    await bench.create('disk.qcow2', 'qcow2', 32 * MEBIBYTE);
    await bench.write('disk.qcow2', 'qcow2', 'write -P 1 0 32M');
    // qemu-nbd serves a moment, and dies in the middle.
    await bench.wrapTool('qemu-nbd', '"$real" "$@" & sleep 0.3; kill -9 $!; exit 1');
    await bench.wrapTool('zstd', 'sleep 0.6; exec "$real" "$@"');
    await expect(bench.convert('disk.qcow2', 'raw-zst')).rejects.toMatchObject({ code: 'input-unreadable' });
    expect(await bench.list()).toEqual([]);
  });
});
