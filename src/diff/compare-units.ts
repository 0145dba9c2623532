import type { Unit } from '../guest/units.ts';
import { match } from './changes.ts';

export interface UnitChange {
  readonly name: string;
  readonly before: Unit['state'];
  readonly after: Unit['state'];
}

export interface UnitChanges {
  readonly added: readonly Unit[];
  readonly removed: readonly Unit[];
  /** Those that are enabled, masked or neither, where they were not so. */
  readonly changed: readonly UnitChange[];
}

/** Which units came, went, or are started or masked where they were not. What stands in their files is compared as a file. */
export function compareUnits(before: readonly Unit[], after: readonly Unit[]): UnitChanges {
  const { added, removed, kept } = match(before, after, ({ name }) => name);
  const changed = kept.flatMap(([{ name, state: was }, { state: is }]) =>
    was === is ? [] : [{ name, before: was, after: is }],
  );
  return { added, removed, changed };
}
