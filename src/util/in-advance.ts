/** Limits how far ahead of the caller `inAdvance` works. */
export interface AheadLimit<T> {
  /** The weight of an item, such as its bytes. */
  weigh(item: T): number;
  /** Further items wait while the finished ones weigh this much together. */
  maxWeight: number;
}

/**
 * Yields the result of `make` for each item, in order, and makes the next ones while the caller uses one. @throws
 * errors of `make` or the source, after the results before them.
 */
export async function* inAdvance<T, R>(
  source: AsyncIterable<T>,
  make: (item: T) => Promise<R>,
  { weigh, maxWeight }: AheadLimit<T>,
): AsyncGenerator<R, void> {
  const items = source[Symbol.asyncIterator]();
  const making: { result: Promise<R>; weight: number }[] = [];
  let weight = 0;
  let end: { error?: unknown } | undefined;
  try {
    for (;;) {
      while (!end && (making.length === 0 || weight < maxWeight)) {
        try {
          const next = await items.next();
          if (next.done) end = {};
          else {
            const item = { result: make(next.value), weight: weigh(next.value) };
            // An error is thrown when it is this result's turn.
            item.result.catch(() => undefined);
            making.push(item);
            weight += item.weight;
          }
        } catch (error) {
          end = { error };
        }
      }
      const first = making.shift();
      if (!first) break;
      weight -= first.weight;
      yield await first.result;
    }
    if (end && "error" in end) throw end.error;
  } finally {
    await items.return?.();
  }
}
