import { describe, expect, it } from 'vitest';
import { bootSector, earlyGrubConfig, grubConfig, grubDefaults, placedCore } from './boot-loader.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';

describe('bootSector', () => {
  const bootImage = Buffer.alloc(512, 0xb0);
  bootImage.writeUInt16LE(0xaa55, 510);
  const diskSector = Buffer.alloc(512, 0xd1);
  const sector = bootSector(bootImage, diskSector, 2048);

  it("keeps the disk's partition table and GRUB's code around it", () => {
    expect(sector.subarray(440, 510)).toEqual(diskSector.subarray(440, 510));
    expect(sector.readUInt16LE(510)).toBe(0xaa55);
    expect(sector[0]).toBe(0xb0);
    expect(sector[439]).toBe(0xb0);
  });

  it('names the sector to load, and jumps nowhere for the drive number', () => {
    expect(sector.readBigUInt64LE(0x5c)).toBe(2048n);
    expect(sector.subarray(0x66, 0x68)).toEqual(Buffer.from([0x90, 0x90]));
  });

  it('refuses a boot.img that is not one sector', () => {
    expect(() => bootSector(Buffer.alloc(100), diskSector, 1)).toThrow('100 bytes');
  });
});

describe('placedCore', () => {
  it('tells the first sector where the others are and how many', () => {
    const core = placedCore(Buffer.alloc(512 * 3 + 1, 7), 2048, 2 ** 20);
    expect(core.length).toBe(512 * 4);
    expect(core.readBigUInt64LE(500)).toBe(2049n);
    expect(core.readUInt16LE(508)).toBe(3);
    expect(core.readUInt16LE(510)).toBe(0x820);
  });

  it('refuses a core.img that would run into the next partition', () => {
    expect(() => placedCore(Buffer.alloc(2000), 2048, 1024)).toThrow('2000 bytes');
  });
});

it('looks for the same root at each stage, and starts with the same arguments before and after update-grub', () => {
  const uuid = /[0-9a-f-]{36}/.exec(earlyGrubConfig(EMBEDDED_RECIPE))?.[0] ?? 'none';
  expect(grubConfig(EMBEDDED_RECIPE)).toContain(`root=UUID=${uuid} ro ${EMBEDDED_RECIPE.kernelArguments}`);
  expect(grubDefaults(EMBEDDED_RECIPE)).toContain(`GRUB_CMDLINE_LINUX="${EMBEDDED_RECIPE.kernelArguments}"`);
});
