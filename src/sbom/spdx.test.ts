import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packageUrl } from './package-url.ts';
import { type SbomContent, sbomText } from './spdx.ts';

const CONTENT: SbomContent = {
  image: {
    name: 'coreos-stable',
    version: '20261125-232214',
    file: 'coreos-stable.qcow2',
    sha256: 'ab'.repeat(32),
    builtAt: '2026-11-25T23:22:14.579Z',
  },
  system: { id: 'debian', versionId: '12', prettyName: 'Debian GNU/Linux 12 (bookworm)' },
  packages: [{ name: 'libstdc++6', version: '12.2.0-14+deb12u1', architecture: 'amd64' }],
};

interface Document {
  readonly packages: readonly { readonly SPDXID: string; readonly name: string }[];
  readonly relationships: readonly { readonly relatedSpdxElement: string }[];
}

describe('the SPDX document', () => {
  it('names the image and what it contains', () => {
    expect(JSON.parse(sbomText(CONTENT))).toEqual({
      spdxVersion: 'SPDX-2.3',
      dataLicense: 'CC0-1.0',
      SPDXID: 'SPDXRef-DOCUMENT',
      name: 'coreos-stable-20261125-232214',
      documentNamespace: `https://spdx.org/spdxdocs/coreos-stable-${'ab'.repeat(32)}`,
      creationInfo: { created: '2026-11-25T23:22:14Z', creators: ['Tool: netsil-builder-2.0.0'] },
      packages: [
        {
          SPDXID: 'SPDXRef-Image',
          name: 'coreos-stable',
          versionInfo: '20261125-232214',
          packageFileName: 'coreos-stable.qcow2',
          summary: 'Debian GNU/Linux 12 (bookworm)',
          checksums: [{ algorithm: 'SHA256', checksumValue: 'ab'.repeat(32) }],
          downloadLocation: 'NOASSERTION',
          filesAnalyzed: false,
          licenseConcluded: 'NOASSERTION',
          licenseDeclared: 'NOASSERTION',
          copyrightText: 'NOASSERTION',
        },
        {
          SPDXID: 'SPDXRef-Package-libstdc.2B.2B6-amd64',
          name: 'libstdc++6',
          versionInfo: '12.2.0-14+deb12u1',
          downloadLocation: 'NOASSERTION',
          filesAnalyzed: false,
          licenseConcluded: 'NOASSERTION',
          licenseDeclared: 'NOASSERTION',
          copyrightText: 'NOASSERTION',
          externalRefs: [
            {
              referenceCategory: 'PACKAGE-MANAGER',
              referenceType: 'purl',
              referenceLocator:
                'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=amd64&distro=debian-12',
            },
          ],
        },
      ],
      relationships: [
        {
          spdxElementId: 'SPDXRef-DOCUMENT',
          relationshipType: 'DESCRIBES',
          relatedSpdxElement: 'SPDXRef-Image',
        },
        {
          spdxElementId: 'SPDXRef-Image',
          relationshipType: 'CONTAINS',
          relatedSpdxElement: 'SPDXRef-Package-libstdc.2B.2B6-amd64',
        },
      ],
    });
  });

  it('is the same text for the same image', () => {
    expect(sbomText(CONTENT)).toBe(sbomText(structuredClone(CONTENT)));
  });

  it('gives each package an identifier of its own that SPDX allows', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,20}$/);
    fc.assert(
      fc.property(fc.uniqueArray(name), (names) => {
        const packages = names.map((each) => ({ name: each, version: '1', architecture: 'amd64' }));
        const document = JSON.parse(sbomText({ ...CONTENT, packages })) as Document;
        const ids = document.packages.map(({ SPDXID }) => SPDXID);
        expect(new Set(ids).size).toBe(names.length + 1);
        for (const id of ids) expect(id).toMatch(/^SPDXRef-[a-zA-Z0-9.-]+$/);
        expect(document.relationships.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual(ids);
      }),
    );
  });
});

it('a package URL names an epoch as it is written, and no distribution where there is no version', () => {
  const each = { name: 'bind9-host', version: '1:9.18.33-1~deb12u2', architecture: 'amd64' };
  expect(packageUrl(each, { id: 'debian', prettyName: 'Debian' })).toBe(
    'pkg:deb/debian/bind9-host@1:9.18.33-1~deb12u2?arch=amd64',
  );
});
