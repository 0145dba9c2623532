import { BuilderError } from '../errors.ts';
import { openGuest } from '../guest/open-guest.ts';
import { type OsRelease, readOsRelease } from '../guest/os-release.ts';
import { readPackages } from '../guest/packages.ts';
import type { DiskFile } from '../qemu/disk-file.ts';
import { writeFileWhole } from '../system/files.ts';
import { Scope } from '../system/scope.ts';
import { type SbomImage, sbomText } from './spdx.ts';

/** The list of an image's packages, beside the image. */
export const SBOM_FILE = 'sbom.spdx.json';

export interface SbomRequest {
  readonly disk: DiskFile;
  readonly image: SbomImage;
  /** The path to write to. */
  readonly target: string;
  readonly signal: AbortSignal;
}

const SOME_LINUX: OsRelease = { id: 'linux', prettyName: 'Linux' };

/**
 * Reads which packages are in an image, and writes them as an SPDX document. Returns undefined when it was written,
 * else why there is none: the image has no such list, or no file system that can be read. Fails with
 * `ProcessError` when QEMU cannot open the image, with an error of the system when the target cannot be written.
 */
export async function writeSbom({ disk, image, target, signal }: SbomRequest): Promise<string | undefined> {
  await using scope = new Scope();
  try {
    const guest = await openGuest(scope, disk, signal);
    const { packages, note } = await readPackages(guest);
    if (note !== undefined) return note;
    const system = (await readOsRelease(guest)) ?? SOME_LINUX;
    await writeFileWhole(target, sbomText({ image, system, packages }));
    return undefined;
  } catch (thrown) {
    if (thrown instanceof BuilderError && thrown.code.startsWith('guest-')) return thrown.message;
    throw thrown;
  }
}
