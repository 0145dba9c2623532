import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileSystemArgs, partitionArgs, planDiskLayout } from './disk-layout.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';

const MIB = 1024 ** 2;

describe('planDiskLayout', () => {
  it('places the partitions in order, without overlap, clear of both partition tables, for any size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 600, max: 4_000_000 }), fc.nat(MIB - 1), (mib, rest) => {
        const diskSizeBytes = mib * MIB + rest;
        const { biosBoot, efi, root } = planDiskLayout(diskSizeBytes);
        let freeFromBytes = MIB;
        for (const { startBytes, sizeBytes } of [biosBoot, efi, root]) {
          expect(startBytes % MIB).toBe(0);
          expect(startBytes).toBeGreaterThanOrEqual(freeFromBytes);
          freeFromBytes = startBytes + sizeBytes;
        }
        // The second copy of a GPT takes 33 sectors.
        expect(diskSizeBytes - freeFromBytes).toBeGreaterThanOrEqual(33 * 512);
      }),
    );
  });

  it('refuses a disk that cannot hold a Debian', () => {
    expect(() => planDiskLayout(300 * MIB)).toThrow('too small');
  });
});

it('writes root as partition 1 behind the others, and its file system at the same place', () => {
  const layout = planDiskLayout(4096 * MIB);
  expect(partitionArgs(layout, EMBEDDED_RECIPE, 'disk')).toContain('--new=1:135168:8386559');
  const args = fileSystemArgs(layout, EMBEDDED_RECIPE, 'tree', 'disk');
  expect(args.find((word) => word.startsWith('offset='))).toMatch(`offset=${135168 * 512},`);
  expect(args.at(-1)).toBe(`${(8386560 - 135168) / 2}k`);
});
