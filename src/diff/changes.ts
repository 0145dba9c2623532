/** What a list has lost, gained and kept on the way from one image to another. */
export interface Matched<Item> {
  readonly removed: readonly Item[];
  readonly added: readonly Item[];
  /** Those that both have, before and after. */
  readonly kept: readonly (readonly [Item, Item])[];
}

/** Matches the items of two lists by their keys, each in the order of its list. */
export function match<Item>(
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => string,
): Matched<Item> {
  const old = new Map(before.map((item) => [keyOf(item), item]));
  const added: Item[] = [];
  const kept: [Item, Item][] = [];
  for (const item of after) {
    const was = old.get(keyOf(item));
    if (was === undefined) added.push(item);
    else kept.push([was, item]);
    old.delete(keyOf(item));
  }
  return { removed: [...old.values()], added, kept };
}
