import { type GuestPackage, packageKey } from '../guest/packages.ts';
import { match } from './changes.ts';

export interface PackageChange {
  readonly name: string;
  readonly architecture: string;
  /** Versions. */
  readonly before: string;
  readonly after: string;
}

export interface PackageChanges {
  readonly added: readonly GuestPackage[];
  readonly removed: readonly GuestPackage[];
  readonly changed: readonly PackageChange[];
}

/** Which packages came, went, or have another version. */
export function comparePackages(
  before: readonly GuestPackage[],
  after: readonly GuestPackage[],
): PackageChanges {
  const { added, removed, kept } = match(before, after, packageKey);
  const changed = kept.flatMap(([{ name, architecture, version: was }, { version: is }]) =>
    was === is ? [] : [{ name, architecture, before: was, after: is }],
  );
  return { added, removed, changed };
}
