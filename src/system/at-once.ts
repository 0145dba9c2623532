/**
 * Works on all items, `atOnce` at most at the same time, and gives the results in the order of the items. A failure lets
 * those that are under way end, begins no other, and is then thrown.
 */
export async function atOnce<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const waiting = items.entries();
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (hasFailed) return;
      try {
        results[index] = await work(item);
      } catch (thrown) {
        hasFailed = true;
        throw thrown;
      }
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: limit }, worker));
  const failure = workers.find((each) => each.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return results;
}
