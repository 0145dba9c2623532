import { describe, expect, it } from 'vitest';
import { EMBEDDED_RECIPE } from './embedded-recipe.ts';
import { debootstrapArgs, overlayFiles, stageFraction } from './root-tree.ts';

describe('debootstrapArgs', () => {
  it('installs what a disk needs to start together with what the recipe asks for, each once', () => {
    const args = debootstrapArgs({ ...EMBEDDED_RECIPE, packages: ['zstd', 'git'] }, '/tree');
    const packages =
      args
        .find((word) => word.startsWith('--include='))
        ?.slice(10)
        .split(',') ?? [];
    expect(packages).toEqual(expect.arrayContaining(['linux-image-amd64', 'git']));
    expect(packages.filter((name) => name === 'zstd')).toHaveLength(1);
  });

  it('names no mirror: mmdebstrap takes its own for the suite', () => {
    expect(debootstrapArgs(EMBEDDED_RECIPE, '/tree').slice(-2)).toEqual(['bookworm', '/tree']);
  });
});

it('lets the recipe replace a file of the maker', () => {
  const files = [{ path: '/etc/fstab', content: 'mine' }];
  const written = new Map(
    overlayFiles({ ...EMBEDDED_RECIPE, files }).map((file) => [file.path, file.content]),
  );
  expect(written.get('/etc/fstab')).toBe('mine');
});

it('tells how far mmdebstrap is by its own lines, and nothing by others', () => {
  const lines = [
    'I: running apt-get update...',
    'I: installing remaining packages inside the chroot...',
    'I: cleaning',
  ];
  const fractions = lines.map((line) => stageFraction(line) ?? 0);
  expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  expect(fractions[0]).toBeGreaterThan(0);
  expect(stageFraction('Unpacking less (590-2) ...')).toBeUndefined();
});
