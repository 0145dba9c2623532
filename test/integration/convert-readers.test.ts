import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hashFile } from '../../src/system/files.ts';
import { run } from '../../src/system/process.ts';
import { DiskBench, MEBIBYTE } from './convert-rig.ts';

/** Debian's own Python has the bindings; another one in PATH may not. */
const PYTHON = '/usr/bin/python3';
const READER = join(import.meta.dirname, 'convert-read.py');

/** A disk with data at its beginning, across the borders of every format's blocks, and in its last sector. */
async function openBench(sizeBytes: number): Promise<{ bench: DiskBench; sha256: string }> {
  const bench = await DiskBench.open();
  await bench.create('disk.qcow2', 'qcow2', sizeBytes);
  await bench.write(
    'disk.qcow2',
    'qcow2',
    'write -P 0x11 0 1k',
    'write -P 0x22 2096640 1k',
    'write -P 0x33 5M 3M',
    `write -P 0x44 ${sizeBytes - 512} 512`,
  );
  return { bench, sha256: await hashFile(await bench.rawOf('disk.qcow2', 'qcow2')) };
}

const SIZES = [
  ['64 MiB', 64 * MEBIBYTE],
  ['a size that is no whole number of MiB', 10 * MEBIBYTE + 512 * 3],
  ['63 MiB', 63 * MEBIBYTE],
] as const;

describe('convert, read by programs that know nothing of QEMU', () => {
  describe.each(SIZES)('%s', (_what, sizeBytes) => {
    it.each(['vhd', 'vmdk'])('%s is the same disk to its own library', async (format) => {
      const opened = await openBench(sizeBytes);
      await using bench = opened.bench;
      await bench.convert('disk.qcow2', format);
      const { stdout } = await run([PYTHON, READER, format, bench.at(`out/disk.${format}`)]);
      expect(stdout.trim()).toBe(`${sizeBytes} ${opened.sha256}`);
    });

    it('vdi is the same disk by its published layout', async () => {
      const opened = await openBench(sizeBytes);
      await using bench = opened.bench;
      await bench.convert('disk.qcow2', 'vdi');
      const disk = readVdi(await readFile(bench.at('out/disk.vdi')));
      expect(disk.length).toBe(sizeBytes);
      expect(disk.equals(await readFile(bench.at('disk.qcow2.plain')))).toBe(true);
    });
  });

  it('vhdiinfo and vmdkinfo name what they see', async () => {
    const opened = await openBench(64 * MEBIBYTE);
    await using bench = opened.bench;
    await bench.convert('disk.qcow2', 'vhd,vmdk');
    expect((await run(['vhdiinfo', bench.at('out/disk.vhd')])).stdout).toMatch(/Disk type\s*:\s*Dynamic/);
    expect((await run(['vmdkinfo', bench.at('out/disk.vmdk')])).stdout).toMatch(
      /Disk type\s*:\s*Monolithic sparse/,
    );
  });
});

/** Blocks that were never written, and blocks that are zero. */
const VDI_HOLES = [0xffff_ffff, 0xffff_fffe];

/**
 * Reads a VDI file of version 1.1 by the layout that VirtualBox publishes (src/VBox/Storage/VDICore.h): signature at
 * 64, version at 68, kind at 76 (1: dynamic), offsets of block map and data at 340, size at 368, block size at 376.
 */
function readVdi(file: Buffer): Buffer {
  expect(file.readUInt32LE(64)).toBe(0xbeda_107f);
  expect(file.readUInt32LE(68)).toBe(0x0001_0001);
  expect(file.readUInt32LE(76)).toBe(1);
  const mapOffset = file.readUInt32LE(340);
  const dataOffset = file.readUInt32LE(344);
  const sizeBytes = Number(file.readBigUInt64LE(368));
  const blockBytes = file.readUInt32LE(376);
  const blocks = file.readUInt32LE(384);
  expect(blocks).toBe(Math.ceil(sizeBytes / blockBytes));
  const disk = Buffer.alloc(blocks * blockBytes);
  for (let block = 0; block < blocks; block += 1) {
    const place = file.readUInt32LE(mapOffset + 4 * block);
    if (VDI_HOLES.includes(place)) continue;
    file.copy(
      disk,
      block * blockBytes,
      dataOffset + place * blockBytes,
      dataOffset + (place + 1) * blockBytes,
    );
  }
  return disk.subarray(0, sizeBytes);
}
