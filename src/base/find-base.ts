import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BuilderError, systemCode } from '../errors.ts';
import type { BaseFamily } from '../settings/settings.ts';
import { type Checksum, checksumFromDigests, parseChecksum } from './checksum.ts';
import { familyOfName, isNamedImage, isPublishedName, sshUserOf, stemOf } from './families.ts';
import { fileNameOfUrl, isUrl, shownUrl } from './web-address.ts';

/** What the user said about the base image. */
export interface BaseRequest {
  readonly imagePath: string;
  readonly imageName?: string;
  /** BASE_IMAGE: an absolute path or a URL. */
  readonly location: string | undefined;
  /** BASE_CHECKSUM, as given. */
  readonly checksum: string | undefined;
  readonly family: BaseFamily | undefined;
}

/** Which base image a build takes, and why. */
export type BaseChoice = EmbeddedChoice | GivenChoice;

interface ChoiceCommon {
  /** For people: a file name, or what the embedded one is. */
  readonly name: string;
  readonly why: string;
  readonly family: BaseFamily;
  readonly sshUser: string;
}

export interface EmbeddedChoice extends ChoiceCommon {
  readonly kind: 'embedded';
  readonly location: undefined;
  readonly checksum: undefined;
}

export interface GivenChoice extends ChoiceCommon {
  readonly kind: 'file' | 'url';
  readonly location: string;
  /** Of the file as it is given, so of the compressed one. */
  readonly checksum: Checksum | undefined;
}

/**
 * Decides which base image is used, without reading it: BASE_IMAGE; else `<IMAGE_NAME>.{img,qcow2,raw,bin}` in
 * IMAGE_PATH; else a file there under a name that its family publishes (`isPublishedName`); else the embedded
 * Debian. Each may be compressed; of a file and its compressed original the former is taken.
 * Fails with `base-missing` (not there, several, family unknown), `checksum-malformed` or `settings-invalid`.
 */
export async function findBase(request: BaseRequest): Promise<BaseChoice> {
  const checksum = request.checksum === undefined ? undefined : parseChecksum(request.checksum);
  const given = request.location ?? (await searchFolder(request));
  if (given === undefined) return embeddedChoice(request);
  const why = request.location === undefined ? `found in ${request.imagePath}` : 'given by BASE_IMAGE';
  if (isUrl(given)) return givenChoice(request, given, why, checksum);
  await requireFile(given);
  return givenChoice(request, given, why, checksum ?? (await checksumBeside(given)));
}

function embeddedChoice(request: BaseRequest): EmbeddedChoice {
  if (request.checksum !== undefined) {
    throw new BuilderError(
      'settings-invalid',
      'BASE_CHECKSUM is given, but there is no base image to check',
      {
        hint: `put the image into ${request.imagePath} or set BASE_IMAGE; or leave BASE_CHECKSUM out`,
      },
    );
  }
  if (request.family !== undefined && request.family !== 'debian') {
    throw new BuilderError(
      'base-missing',
      `BASE_FAMILY is ${request.family}, but there is no such base image`,
      {
        hint: `put the image into ${request.imagePath} or set BASE_IMAGE; or leave BASE_FAMILY out`,
      },
    );
  }
  return {
    kind: 'embedded',
    name: 'Debian 12, made here from packages',
    why: `no base image in ${request.imagePath}, and BASE_IMAGE is not set`,
    family: 'debian',
    sshUser: 'core',
    location: undefined,
    checksum: undefined,
  };
}

function givenChoice(
  request: BaseRequest,
  location: string,
  why: string,
  checksum: Checksum | undefined,
): GivenChoice {
  const fileName = isUrl(location) ? fileNameOfUrl(location) : basename(location);
  const family = request.family ?? familyOfName(fileName);
  if (family === undefined) {
    throw new BuilderError(
      'base-missing',
      `the name ${fileName} does not tell which system the base image is of`,
      {
        hint: 'set BASE_FAMILY to coreos, flatcar, fedora-coreos, debian or ubuntu',
      },
    );
  }
  const kind = isUrl(location) ? 'url' : 'file';
  const name = kind === 'url' ? shownUrl(location) : fileName;
  return { kind, name, why, family, sshUser: sshUserOf(family), location, checksum };
}

async function searchFolder({ imagePath, imageName }: BaseRequest): Promise<string | undefined> {
  const names = await fileNames(imagePath);
  const named = imageName === undefined ? [] : names.filter((name) => isNamedImage(name, imageName));
  const candidates = preferDecompressed(named.length > 0 ? named : names.filter(isPublishedName));
  if (candidates.length > 1) {
    throw new BuilderError('base-missing', `several base images in ${imagePath}: ${candidates.join(', ')}`, {
      hint: 'say which one with BASE_IMAGE',
    });
  }
  return candidates[0] === undefined ? undefined : join(imagePath, candidates[0]);
}

/** The base images that lie in a folder under a published name or as `<imageName>.*`, by name. */
export async function givenBaseNames(folder: string, imageName?: string): Promise<readonly string[]> {
  const isBase = (name: string): boolean =>
    isPublishedName(name) || (imageName !== undefined && isNamedImage(name, imageName));
  return (await fileNames(folder)).filter(isBase);
}

function preferDecompressed(names: readonly string[]): readonly string[] {
  return names.filter((name) => stemOf(name) === name || !names.includes(stemOf(name)));
}

async function fileNames(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => entry.name)
      .sort();
  } catch (thrown) {
    // A folder that is not there yet has no images; whether it can be made is checked elsewhere.
    if (systemCode(thrown) === 'ENOENT') return [];
    throw new BuilderError(
      'image-path-unusable',
      `cannot read ${folder}: ${systemCode(thrown) ?? String(thrown)}`,
      {
        hint: 'set IMAGE_PATH to a folder that you may read and write',
        cause: thrown,
      },
    );
  }
}

async function requireFile(path: string): Promise<void> {
  const stats = await stat(path).catch((thrown: unknown) => {
    throw new BuilderError(
      'base-missing',
      `cannot read the base image ${path}: ${systemCode(thrown) ?? 'failed'}`,
      {
        hint: 'set BASE_IMAGE to the path or URL of a cloud image, or leave it out for the embedded Debian',
        cause: thrown,
      },
    );
  });
  if (stats.isFile()) return;
  throw new BuilderError('base-missing', `the base image ${path} is not a file`, {
    hint: 'set BASE_IMAGE to the image file itself',
  });
}

async function checksumBeside(path: string): Promise<Checksum | undefined> {
  const digests = join(dirname(path), `${basename(path)}.DIGESTS`);
  const text = await readFile(digests, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : checksumFromDigests(text, basename(path));
}
