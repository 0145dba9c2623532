/**
 * Works on many items at once, `atOnce` at most, and gives the results in the order of the items. So many results
 * wait to be taken at most, too: memory stays bounded however slow the taker is. The first failure ends it.
 */
export async function* inOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const underWay: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // It is awaited later, perhaps after another one has failed.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length < atOnce) continue;
      // Taken off only when it is done, so that a failure meanwhile waits for it too.
      if (underWay[0] !== undefined) yield await underWay[0];
      void underWay.shift();
    }
    for (const result of underWay) yield await result;
  } finally {
    await Promise.allSettled(underWay);
  }
}
