import { describe, expect, it } from 'vitest';
import { diskKey } from './debian-disk.ts';
import { type DebianRecipe, recipeUuid } from './debian-recipe.ts';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';

describe('diskKey', () => {
  it.each([
    ['packages', { packages: [...EMBEDDED_RECIPE.packages, 'git'] }],
    ['script', { script: `${EMBEDDED_RECIPE.script}\ntrue` }],
    ['a file', { files: [{ path: '/etc/x', content: '' }] }],
    ["a file's mode", { files: EMBEDDED_RECIPE.files.map((file) => ({ ...file, mode: 0o600 })) }],
    ['kernel arguments', { kernelArguments: 'quiet' }],
    ['disk size', { diskSizeBytes: 8 * 1024 ** 3 }],
    ['suite', { suite: 'trixie' }],
  ] satisfies [string, Partial<DebianRecipe>][])('is another one with other %s', (_, change) => {
    expect(diskKey({ ...EMBEDDED_RECIPE, ...change })).not.toBe(diskKey(EMBEDDED_RECIPE));
  });

  it('stays the same for the same recipe, and fits into a file name', () => {
    expect(diskKey({ ...EMBEDDED_RECIPE })).toBe(diskKey(EMBEDDED_RECIPE));
    expect(diskKey(EMBEDDED_RECIPE)).toMatch(/^[0-9a-f]{16}$/);
  });
});

describe('recipeUuid', () => {
  it('is a well-formed UUID, another one for each role', () => {
    const uuids = ['disk', 'root', 'efi'].map((role) => recipeUuid(EMBEDDED_RECIPE, role));
    for (const uuid of uuids)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(uuids).size).toBe(3);
  });
});
