import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EMBEDDED_USER, sshUserOf } from '../../base/families.ts';
import { BuilderError } from '../../errors.ts';
import { formatNamed } from '../../images/formats.ts';
import { nameOfSource } from '../../images/targets.ts';
import { PROOF_FOLDER } from '../../output/proof-record.ts';
import { readManifest } from '../../output/read-manifest.ts';
import { type ImageFile, imageFileAt } from '../../prove/opened-image.ts';
import { BASE_FAMILIES, type BaseFamily, type Settings } from '../../settings/settings.ts';
import type { UserDataFamily } from '../../userdata/user-data.ts';

/** Finished images, and what is known of them. */
export interface ProofTarget {
  /** For people. */
  readonly name: string;
  /** The folder of the finished output, if it is one. */
  readonly output: string | undefined;
  readonly images: readonly ImageFile[];
  /** By name, what each file must hash to. */
  readonly digests: ReadonlyMap<string, string>;
  readonly evidenceFolder: string;
  /** What the images were made of, and whom they let in. */
  readonly family: UserDataFamily;
  readonly user: string;
  /** The payload's name, if it is known. */
  readonly payload: string | undefined;
}

/**
 * Finds what is to be proven: finished outputs, of which their manifests tell all, each by itself; or single files of one
 * disk, whose names tell their format and the settings the rest. `evidenceFolder` replaces where the evidence of a single
 * target goes. Fails with `settings-invalid`, `format-unknown`, `manifest-missing` or `manifest-malformed`.
 */
export async function findProofTargets(
  settings: Settings,
  paths: readonly string[],
  evidenceFolder: string | undefined,
): Promise<readonly ProofTarget[]> {
  const folders = [];
  for (const path of paths) if (await isFolder(path)) folders.push(path);
  const targets = folders.length === 0 ? [filesTarget(paths, settings)] : await outputTargets(paths, folders);
  if (evidenceFolder === undefined) return targets;
  if (targets.length === 1) return targets.map((target) => ({ ...target, evidenceFolder }));
  throw new BuilderError('settings-invalid', `--output-dir is one folder, for ${targets.length} outputs`, {
    hint: 'leave it out, so that each has its own, or prove one at a time',
  });
}

async function outputTargets(
  paths: readonly string[],
  folders: readonly string[],
): Promise<readonly ProofTarget[]> {
  const file = paths.find((path) => !folders.includes(path));
  if (file === undefined) return Promise.all(folders.map(outputTarget));
  throw new BuilderError('settings-invalid', `${folders.join(', ')}: a folder, and ${file} is none`, {
    hint: 'prove finished outputs, or files that hold one disk, but not both at once',
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function outputTarget(folder: string): Promise<ProofTarget> {
  const { artifacts, base, payload } = await readManifest(folder);
  return {
    name: folder,
    output: folder,
    images: artifacts.map(({ file, format }) => ({ path: join(folder, file), format: formatNamed(format) })),
    digests: new Map(artifacts.map(({ file, sha256 }) => [file, sha256])),
    evidenceFolder: join(folder, PROOF_FOLDER),
    ...guestOf(base.source === 'embedded' ? undefined : BASE_FAMILIES.find((name) => name === base.family)),
    payload,
  };
}

function filesTarget(paths: readonly string[], { base, payload }: Settings): ProofTarget {
  const [first] = paths;
  if (first === undefined) {
    throw new BuilderError('settings-invalid', 'nothing to prove is given', {
      hint: 'say prove DIR, a finished output, or prove FILE…',
    });
  }
  return {
    name: paths.map((path) => basename(path)).join(', '),
    output: undefined,
    images: paths.map(imageFileAt),
    digests: new Map(),
    evidenceFolder: join(dirname(first), `${nameOfSource(first)}.${PROOF_FOLDER}`),
    ...guestOf(base.family),
    payload: payload.kind === 'auto' ? undefined : payload.kind,
  };
}

/** The user data's family and the user of images whose base is of this family; without one it is the embedded base. */
export function guestOf(family: BaseFamily | undefined): Pick<ProofTarget, 'family' | 'user'> {
  return family === undefined
    ? { family: 'embedded', user: EMBEDDED_USER }
    : { family, user: sshUserOf(family) };
}
