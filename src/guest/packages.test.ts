import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDpkgStatus } from './packages.ts';

const STATUS = `Package: adduser
Status: install ok installed
Priority: important
Architecture: all
Version: 3.134
Description: add and remove users and groups
 Package: is a word of this text
 .
 Version: too

Package: libc6
Status: hold ok installed
Architecture: amd64
Multi-Arch: same
Version: 2.36-9+deb12u10

Package: libc6
Status: install ok installed
Architecture: i386
Version: 2.36-9+deb12u10

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: half
Status: install ok half-installed
Version: 1.0
Architecture: amd64

Package: man-db
Status: install ok triggers-pending
Version: 2.11.2-2
Architecture: amd64

Package: unpacked
Status: install ok unpacked
Version: 3
Architecture: all
`;

describe('the status file of dpkg', () => {
  it('lists what has its files there, set up or not yet, each architecture by itself', () => {
    expect(parseDpkgStatus(STATUS)).toEqual([
      { name: 'adduser', version: '3.134', architecture: 'all' },
      { name: 'libc6', version: '2.36-9+deb12u10', architecture: 'amd64' },
      { name: 'libc6', version: '2.36-9+deb12u10', architecture: 'i386' },
      { name: 'man-db', version: '2.11.2-2', architecture: 'amd64' },
      { name: 'unpacked', version: '3', architecture: 'all' },
    ]);
  });

  it('is of one package where there is no package manager, and has no states', () => {
    expect(parseDpkgStatus('Package: tzdata\nArchitecture: all\nVersion: 2025b-0+deb12u1\n')).toEqual([
      { name: 'tzdata', version: '2025b-0+deb12u1', architecture: 'all' },
    ]);
  });

  it('gives back every package that was written into it', () => {
    const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.~:-]{0,20}$/);
    const aPackage = fc.record({ name: word, version: word, architecture: word });
    fc.assert(
      fc.property(fc.array(aPackage), fc.lorem(), (packages, text) => {
        const paragraphs = packages.map(
          ({ name, version, architecture }) =>
            `Package: ${name}\nStatus: install ok installed\nDescription: ${text}\n Version: ${text}\n` +
            `Version: ${version}\nArchitecture: ${architecture}\n`,
        );
        expect(parseDpkgStatus(paragraphs.join('\n'))).toEqual(packages);
      }),
    );
  });
});
