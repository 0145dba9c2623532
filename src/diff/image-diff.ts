import type { Guest } from '../guest/guest.ts';
import { openGuest } from '../guest/open-guest.ts';
import { readOsRelease } from '../guest/os-release.ts';
import { readPackages } from '../guest/packages.ts';
import { readUnits } from '../guest/units.ts';
import { atOnce } from '../system/at-once.ts';
import { Scope } from '../system/scope.ts';
import { type FileChanges, compareFiles } from './compare-files.ts';
import { comparePackages, type PackageChanges } from './compare-packages.ts';
import { compareUnits, type UnitChanges } from './compare-units.ts';
import { type FoundImage, findImage } from './find-image.ts';

/** One of the two that are compared. */
export interface ImageSide {
  /** The file that was looked into. */
  readonly image: string;
  /** What it calls itself, for people. */
  readonly system?: string;
}

export interface SizeChange {
  /** A format's name, or what else has a size. */
  readonly of: string;
  /** Undefined where only the other has it. */
  readonly beforeBytes?: number;
  readonly afterBytes?: number;
}

/** All that two images differ in. Also the form of `diff --json`, which only grows. */
export interface ImageDiff {
  readonly before: ImageSide;
  readonly after: ImageSide;
  readonly packages: PackageChanges;
  readonly units: UnitChanges;
  readonly files: FileChanges;
  /** All sizes, whether they differ or not. */
  readonly sizes: readonly SizeChange[];
  /** What could not be compared, and why. */
  readonly notes: readonly string[];
}

export interface DiffRequest {
  /** Each a finished output's folder or a disk image. */
  readonly before: string;
  readonly after: string;
  readonly signal: AbortSignal;
  /** Is told how much of the files was read, 0 to 1. */
  readonly onProgress: (fraction: number) => void;
}

/** Compares what is inside of two images. Fails as `findImage` and `openGuest` do. */
export async function diffImages({ before, after, signal, onProgress }: DiffRequest): Promise<ImageDiff> {
  await using scope = new Scope();
  const [one, other] = await atOnce([before, after], 2, (path) => lookInto(scope, path, signal));
  if (one === undefined || other === undefined) throw new RangeError('two images are compared');
  return {
    before: one.side,
    after: other.side,
    packages: comparePackages(one.packages.packages, other.packages.packages),
    units: compareUnits(one.units, other.units),
    files: await compareFiles(one.guest, other.guest, onProgress),
    sizes: compareSizes(sizesOf(one), sizesOf(other)),
    notes: [one, other].flatMap(({ side, packages: { note } }) =>
      note === undefined ? [] : [`${side.image}: ${note}`],
    ),
  };
}

/** Whether anything inside differs. Files of images do in size whenever they are written. */
export function isDifferent({ packages, units, files }: ImageDiff): boolean {
  return [packages, units, files].some(
    ({ added, removed, changed }) => added.length + removed.length + changed.length > 0,
  );
}

interface Looked {
  readonly found: FoundImage;
  readonly guest: Guest;
  readonly side: ImageSide;
  readonly packages: Awaited<ReturnType<typeof readPackages>>;
  readonly units: Awaited<ReturnType<typeof readUnits>>;
}

async function lookInto(scope: Scope, path: string, signal: AbortSignal): Promise<Looked> {
  const found = await findImage(path, signal);
  const guest = await openGuest(scope, found.disk, signal);
  const system = (await readOsRelease(guest))?.prettyName;
  return {
    found,
    guest,
    side: { image: found.disk.path, ...(system === undefined ? {} : { system }) },
    packages: await readPackages(guest),
    units: await readUnits(guest),
  };
}

function sizesOf({ found, guest }: Looked): ReadonlyMap<string, number> {
  return new Map([
    ...found.files.map(({ format, sizeBytes }) => [format, sizeBytes] as const),
    ['disk', found.virtualSizeBytes],
    ['root file system', guest.usage.sizeBytes],
    ['root file system, used', guest.usage.usedBytes],
  ]);
}

function compareSizes(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly SizeChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].map((of) => {
    const [beforeBytes, afterBytes] = [before.get(of), after.get(of)];
    return {
      of,
      ...(beforeBytes === undefined ? {} : { beforeBytes }),
      ...(afterBytes === undefined ? {} : { afterBytes }),
    };
  });
}
