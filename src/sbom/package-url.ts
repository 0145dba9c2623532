import type { OsRelease } from '../guest/os-release.ts';
import type { GuestPackage } from '../guest/packages.ts';

/**
 * The package URL of a Debian package (purl-spec, type `deb`), by which scanners look it up:
 * `pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12`.
 */
export function packageUrl(
  { name, version, architecture }: GuestPackage,
  { id, versionId }: OsRelease,
): string {
  const path = [id, name].map(encoded).join('/');
  const distribution = versionId === undefined ? '' : `&distro=${encoded(`${id}-${versionId}`)}`;
  return `pkg:deb/${path}@${encoded(version)}?arch=${encoded(architecture)}${distribution}`;
}

/** A colon stays as it is, by the specification. */
function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll('%3A', ':');
}
