import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BuilderError } from '../errors.ts';
import type { Emit } from '../events.ts';
import { syncFile } from '../system/files.ts';
import { ProcessError, run } from '../system/process.ts';
import { Scope } from '../system/scope.ts';
import { bootSector, placedCore } from './boot-loader.ts';
import { type DebianRecipe, recipeDigest, recipeUuid } from './debian-recipe.ts';
import {
  type DiskLayout,
  fileSystemArgs,
  partitionArgs,
  planDiskLayout,
  SECTOR_BYTES,
} from './disk-layout.ts';
import { debootstrapArgs, GRUB_IMAGES, makeRootTree, overlayFiles } from './root-tree.ts';

/** Raise it when the code of this file changes what is on the disk; all else is part of the key by itself. */
const MAKER_VERSION = 1;

/** Identifies the disk that a recipe makes now, 16 hex digits: the key of a cache. */
export function diskKey(recipe: DebianRecipe): string {
  const layout = planDiskLayout(recipe.diskSizeBytes);
  const parts = [
    MAKER_VERSION,
    recipeDigest(recipe),
    debootstrapArgs(recipe, ''),
    overlayFiles(recipe),
    partitionArgs(layout, recipe, ''),
    fileSystemArgs(layout, recipe, '', ''),
    efiPartitionCommands(layout, recipe, '', ''),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

export interface MakeDiskOptions {
  readonly emit: Emit;
  readonly signal?: AbortSignal;
}

/**
 * Makes a bootable Debian disk (qcow2, BIOS and UEFI) from packages, without loop devices or mounts of its own.
 * The work is done in `<target>.making`; the target appears whole or not at all, and replaces an older one. Only one
 * process may make the same target at a time.
 * Needs root. Fails with `base-make-failed`, or `tool-missing` for a tool that is not installed.
 */
export async function makeDebianDisk(
  recipe: DebianRecipe,
  target: string,
  options: MakeDiskOptions,
): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new BuilderError('base-make-failed', 'making the Debian base image needs root', {
      hint: 'run as root or in the container, or give a base image with BASE_IMAGE',
    });
  }
  await using scope = new Scope();
  const folder = `${target}.making`;
  const removeFolder = (): Promise<void> => rm(folder, { recursive: true, force: true });
  // What a run that was killed has left.
  await removeFolder();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  scope.defer(removeFolder);
  const tree = join(folder, 'tree');
  await makeRootTree(recipe, tree, join(folder, 'overlay'), options);
  try {
    await assemble(recipe, { tree, folder, target }, options);
  } catch (thrown) {
    throw diskFailure(thrown);
  }
}

interface Places {
  readonly tree: string;
  readonly folder: string;
  readonly target: string;
}

async function assemble(recipe: DebianRecipe, places: Places, options: MakeDiskOptions): Promise<void> {
  const { tree, folder, target } = places;
  const layout = planDiskLayout(recipe.diskSizeBytes);
  const raw = join(folder, 'disk.raw');
  const progress = (item: string, fraction: number): void => {
    options.emit({ type: 'progress', phase: 'base', item, fraction });
  };
  const step = (argv: readonly string[]): Promise<unknown> =>
    run(argv, options.signal === undefined ? {} : { signal: options.signal });

  progress('file system', 0);
  await makeSparseFile(raw, layout.diskSizeBytes);
  await step(partitionArgs(layout, recipe, raw));
  await step(fileSystemArgs(layout, recipe, tree, raw));
  progress('file system', 1);

  progress('boot loader', 0);
  for (const argv of efiPartitionCommands(layout, recipe, join(tree, GRUB_IMAGES.efi), raw)) await step(argv);
  await writeBiosLoader(layout, tree, raw);
  progress('boot loader', 1);

  progress('disk image', 0);
  const partial = join(folder, basename(target));
  await step(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-m', '8', '-W', raw, partial]);
  await syncFile(partial);
  await rename(partial, target);
  progress('disk image', 1);
}

/** The mtools commands that make the EFI partition at its place inside the disk file. */
export function efiPartitionCommands(
  layout: DiskLayout,
  recipe: DebianRecipe,
  efiImage: string,
  diskFile: string,
): readonly (readonly string[])[] {
  const place = `${diskFile}@@${layout.efi.startBytes}`;
  const sectors = layout.efi.sizeBytes / SECTOR_BYTES;
  const hiddenSectors = layout.efi.startBytes / SECTOR_BYTES;
  const serial = recipeUuid(recipe, 'efi-file-system').slice(0, 8);
  return [
    // Without a geometry mformat would guess one from the size of the whole file.
    [
      'mformat',
      '-i',
      place,
      '-F',
      '-T',
      `${sectors}`,
      '-h',
      '64',
      '-s',
      '32',
      '-H',
      `${hiddenSectors}`,
      '-N',
      serial,
      '-v',
      'EFI',
      '::',
    ],
    ['mmd', '-i', place, '::/EFI', '::/EFI/BOOT'],
    ['mcopy', '-i', place, efiImage, '::/EFI/BOOT/BOOTX64.EFI'],
  ];
}

async function writeBiosLoader(layout: DiskLayout, tree: string, diskFile: string): Promise<void> {
  const coreSector = layout.biosBoot.startBytes / SECTOR_BYTES;
  const bootImage = await readFile(join(tree, GRUB_IMAGES.boot));
  const coreImage = await readFile(join(tree, GRUB_IMAGES.core));
  const disk = await open(diskFile, 'r+');
  try {
    const diskSector = Buffer.alloc(SECTOR_BYTES);
    await disk.read(diskSector, 0, SECTOR_BYTES, 0);
    await disk.write(bootSector(bootImage, diskSector, coreSector), 0, SECTOR_BYTES, 0);
    const core = placedCore(coreImage, coreSector, layout.biosBoot.sizeBytes);
    await disk.write(core, 0, core.length, layout.biosBoot.startBytes);
  } finally {
    await disk.close();
  }
}

async function makeSparseFile(path: string, sizeBytes: number): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.truncate(sizeBytes);
  } finally {
    await file.close();
  }
}

function diskFailure(thrown: unknown): unknown {
  if (!(thrown instanceof ProcessError) || thrown.failure === 'aborted' || thrown.failure === 'not-found') {
    return thrown;
  }
  return new BuilderError('base-make-failed', `cannot make the Debian base image: ${thrown.message}`, {
    hint: 'check the free disk space of the images folder, or give a base image with BASE_IMAGE',
    tail: thrown.tail,
    cause: thrown,
  });
}
