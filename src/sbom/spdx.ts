import type { OsRelease } from '../guest/os-release.ts';
import type { GuestPackage } from '../guest/packages.ts';
import { VERSION } from '../version.ts';
import { packageUrl } from './package-url.ts';

/** The image file that a list of packages is about. */
export interface SbomImage {
  /** What the image is called: the manifest's name. */
  readonly name: string;
  /** The stamp of its output. */
  readonly version: string;
  /** The file that was looked into, without folder. */
  readonly file: string;
  readonly sha256: string;
  /** When it was built, in ISO 8601. */
  readonly builtAt: string;
}

export interface SbomContent {
  readonly image: SbomImage;
  readonly system: OsRelease;
  readonly packages: readonly GuestPackage[];
}

/** Nobody has looked: neither at licences nor at the places that packages come from. */
const UNKNOWN = 'NOASSERTION';
/** Where documents without a site of their own have their names (SPDX 2.3, 6.5). It need not lead anywhere. */
const NAMESPACE = 'https://spdx.org/spdxdocs';
const IMAGE_ID = 'SPDXRef-Image';

/**
 * The packages of an image as an SPDX 2.3 document in JSON. The same image gives the same text: its namespace is made of
 * the image's SHA-256, its time is that of the build.
 */
export function sbomText({ image, system, packages }: SbomContent): string {
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `${image.name}-${image.version}`,
    documentNamespace: `${NAMESPACE}/${encodeURIComponent(image.name)}-${image.sha256}`,
    creationInfo: {
      created: wholeSeconds(image.builtAt),
      creators: [`Tool: netsil-builder-${VERSION}`],
    },
    packages: [imageEntry(image, system), ...packages.map((each) => packageEntry(each, system))],
    relationships: [
      relationship('SPDXRef-DOCUMENT', 'DESCRIBES', IMAGE_ID),
      ...packages.map((each) => relationship(IMAGE_ID, 'CONTAINS', packageId(each))),
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

const UNLOOKED = {
  downloadLocation: UNKNOWN,
  filesAnalyzed: false,
  licenseConcluded: UNKNOWN,
  licenseDeclared: UNKNOWN,
  copyrightText: UNKNOWN,
} as const;

function imageEntry({ name, version, file, sha256 }: SbomImage, { prettyName }: OsRelease): object {
  return {
    SPDXID: IMAGE_ID,
    name,
    versionInfo: version,
    packageFileName: file,
    summary: prettyName,
    checksums: [{ algorithm: 'SHA256', checksumValue: sha256 }],
    ...UNLOOKED,
  };
}

function packageEntry(each: GuestPackage, system: OsRelease): object {
  return {
    SPDXID: packageId(each),
    name: each.name,
    versionInfo: each.version,
    ...UNLOOKED,
    externalRefs: [
      {
        referenceCategory: 'PACKAGE-MANAGER',
        referenceType: 'purl',
        referenceLocator: packageUrl(each, system),
      },
    ],
  };
}

/** Letters, digits, points and hyphens are allowed. All else becomes `.2B`, which no name of Debian's can hold: they are small. */
function packageId({ name, architecture }: GuestPackage): string {
  const clean = `${name}-${architecture}`.replaceAll(
    /[^a-zA-Z0-9.-]/gu,
    (letter) => `.${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
  return `SPDXRef-Package-${clean}`;
}

function relationship(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): object {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}

/** SPDX knows no fractions of a second. */
function wholeSeconds(time: string): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
