/** An item that holds a place. Its address decides whom it crowds. */
export interface Placed {
  host: string;
  group: string;
}

/**
 * The item that gives way to a newcomer, or undefined if the newcomer belongs to those that are numerous already.
 *
 * The most represented group gives way to a group that would still have fewer places than it afterwards. Within the
 * newcomer's group, the most represented host gives way in the same manner. Each swap makes the places more even, no
 * two groups take turns in evicting each other, and an attacker with a few addresses keeps only as many places as
 * everybody else leaves free.
 *
 * `worth` orders the items of one host: the least one goes.
 */
export function givesWay<Item extends Placed>(
  newcomer: Placed,
  items: readonly Item[],
  worth: (a: Item, b: Item) => number,
): Item | undefined {
  const groups = countBy(items, ({ group }) => group);
  const own = groups.get(newcomer.group) ?? 0;
  const [largest, count] = most(groups);
  if (largest !== undefined && own + 1 < count) return leastOf(largest, 0);
  const hosts = countBy(
    items.filter(({ group }) => group === newcomer.group),
    ({ host }) => host,
  );
  return leastOf(newcomer.group, (hosts.get(newcomer.host) ?? 0) + 2);

  /** The least item of the most represented host of a group, if that host holds `atLeast`. */
  function leastOf(group: string, atLeast: number): Item | undefined {
    const members = items.filter((item) => item.group === group);
    const [host, held] = most(countBy(members, (item) => item.host));
    if (held < atLeast) return undefined;
    return members.filter((item) => item.host === host).sort(worth)[0];
  }
}

/**
 * A random sample that no crowd fills: groups take turns, and the hosts within each group. `random` yields numbers in
 * [0, 1).
 */
export function diverseSample<Item extends Placed>(
  items: readonly Item[],
  count: number,
  random: () => number,
): Item[] {
  const shuffled = items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
  const byHosts = inTurns(shuffled, ({ host }) => host);
  return inTurns(byHosts, ({ group }) => group).slice(0, count);
}

/** First one item of each key, then a second one of each that has more, and so on; otherwise in the given order. */
function inTurns<Item>(items: readonly Item[], key: (item: Item) => string): Item[] {
  const turns = new Map<string, number>();
  return items
    .map((item) => {
      const turn = turns.get(key(item)) ?? 0;
      turns.set(key(item), turn + 1);
      return { item, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ item }) => item);
}

function countBy<Item>(items: Iterable<Item>, key: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

function most(counts: ReadonlyMap<string, number>): [key: string | undefined, count: number] {
  let best: [string | undefined, number] = [undefined, 0];
  for (const [key, count] of counts) if (count > best[1]) best = [key, count];
  return best;
}
