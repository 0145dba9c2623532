import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../system/crc32.ts';
import type { ByteSource } from '../byte-source.ts';
import { readPartitions } from './read-partitions.ts';

const SECTOR_BYTES = 512;

function diskOf(bytes: Buffer): ByteSource {
  return {
    name: 'disk',
    sizeBytes: bytes.length,
    read: (offsetBytes, target) => {
      bytes.copy(target, 0, offsetBytes, offsetBytes + target.length);
      return Promise.resolve();
    },
  };
}

interface MbrEntry {
  readonly type: number;
  readonly first: number;
  readonly sectors: number;
}

function writeMbr(disk: Buffer, sector: number, entries: readonly MbrEntry[]): void {
  const start = sector * SECTOR_BYTES;
  disk.writeUInt16LE(0xaa55, start + 510);
  for (const [index, { type, first, sectors }] of entries.entries()) {
    const at = start + 446 + index * 16;
    disk.writeUInt8(type, at + 4);
    disk.writeUInt32LE(first, at + 8);
    disk.writeUInt32LE(sectors, at + 12);
  }
}

/** A GPT with one partition, for disks with sectors of a size. */
function writeGpt(disk: Buffer, sectorBytes: number, first: number, last: number): void {
  const table = Buffer.alloc(128 * 4);
  table.fill(1, 0, 16);
  table.writeBigUInt64LE(BigInt(first), 32);
  table.writeBigUInt64LE(BigInt(last), 40);
  table.copy(disk, 2 * sectorBytes);
  const header = Buffer.alloc(92);
  header.write('EFI PART');
  header.writeUInt32LE(92, 12);
  header.writeBigUInt64LE(2n, 72);
  header.writeUInt32LE(4, 80);
  header.writeUInt32LE(128, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header), 16);
  header.copy(disk, sectorBytes);
}

async function found(disk: Buffer): Promise<readonly (readonly number[])[]> {
  const partitions = await readPartitions(diskOf(disk));
  return partitions.map(({ number, startBytes, sizeBytes }) => [number, startBytes, sizeBytes]);
}

describe('the partition table', () => {
  it.each([512, 4096])('is a GPT, on a disk with sectors of %i bytes', async (sectorBytes) => {
    const disk = Buffer.alloc(64 * sectorBytes);
    writeMbr(disk, 0, [{ type: 0xee, first: 1, sectors: 63 }]);
    writeGpt(disk, sectorBytes, 10, 19);
    expect(await found(disk)).toEqual([[1, 10 * sectorBytes, 10 * sectorBytes]]);
  });

  it('is an MBR with a chain of logical partitions', async () => {
    const disk = Buffer.alloc(100 * SECTOR_BYTES);
    writeMbr(disk, 0, [
      { type: 0x83, first: 1, sectors: 9 },
      { type: 0x05, first: 20, sectors: 60 },
    ]);
    writeMbr(disk, 20, [
      { type: 0x83, first: 1, sectors: 9 },
      { type: 0x05, first: 30, sectors: 30 },
    ]);
    writeMbr(disk, 50, [{ type: 0x82, first: 2, sectors: 5 }]);
    expect(await found(disk)).toEqual([
      [1, 512, 9 * 512],
      [5, 21 * 512, 9 * 512],
      [6, 52 * 512, 5 * 512],
    ]);
  });

  it('is none where the signature ends boot code', async () => {
    const disk = Buffer.alloc(4096, 'code');
    disk.writeUInt16LE(0xaa55, 510);
    expect(await found(disk)).toEqual([]);
  });

  it.each([
    ['a chain that leads to itself', 20, /does not end/],
    ['a chain that leads to nothing', 40, /is broken/],
  ])('ends at %s', async (_what, next, message) => {
    const disk = Buffer.alloc(100 * SECTOR_BYTES);
    writeMbr(disk, 0, [{ type: 0x05, first: 20, sectors: 60 }]);
    writeMbr(disk, 20, [{ type: 0x05, first: next - 20, sectors: 1 }]);
    await expect(found(disk)).rejects.toThrow(message);
  });

  it.each([
    ['its header', 512 + 80],
    ['its table', 1024 + 32],
    ['its signature, which the MBR still promises', 512],
  ])('fails with a coded error when %s is changed', async (_what, place) => {
    const disk = Buffer.alloc(64 * SECTOR_BYTES);
    writeMbr(disk, 0, [{ type: 0xee, first: 1, sectors: 63 }]);
    writeGpt(disk, SECTOR_BYTES, 10, 19);
    disk.writeUInt8(disk.readUInt8(place) ^ 0xff, place);
    await expect(found(disk)).rejects.toMatchObject({ code: 'guest-damaged' });
  });

  it('of whatever sort never says that a partition lies outside of the disk', async () => {
    const entry = fc.record({
      type: fc.constantFrom(0, 0x05, 0x83, 0xee),
      first: fc.nat({ max: 80 }),
      sectors: fc.nat({ max: 80 }),
    });
    const entries = fc.array(entry, { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(entries, entries, async (primary, logical) => {
        const disk = Buffer.alloc(64 * SECTOR_BYTES);
        writeMbr(disk, 0, primary);
        writeMbr(disk, 20, logical);
        const partitions = await found(disk).catch((thrown: unknown) => {
          expect(thrown).toMatchObject({ code: 'guest-damaged' });
          return [];
        });
        for (const [, start = 0, size = 0] of partitions)
          expect(start + size).toBeLessThanOrEqual(disk.length);
      }),
    );
  });
});
