/** An item that holds a place. Its address decides whom it crowds. */
export interface Placed {
  host: string;
  group: string;
}

/**
 * The item that gives way to a newcomer, or undefined if the newcomer belongs to those that are numerous already.
 *
 * The most crowded group gives way to a group that would still be less crowded than it afterwards. Within the
 * newcomer's group, the most represented host gives way in the same manner. Each swap makes the places more even, no
 * two groups take turns in evicting each other, and an attacker with a few addresses keeps only as many places as
 * everybody else leaves free.
 *
 * `worth` orders the items of the most represented hosts of a group: the least one goes.
 */
export function givesWay<Item extends Placed>(
  newcomer: Placed,
  items: readonly Item[],
  worth: (a: Item, b: Item) => number,
): Item | undefined {
  const groups = Map.groupBy(items, ({ group }) => group);
  const own = groups.get(newcomer.group) ?? [];
  const [largest] = [...groups.values()].sort((a, b) => crowding(b) - crowding(a));
  if (!largest) return undefined;
  const loser = leastOf(largest);
  const isOther = largest[0]!.group !== newcomer.group;
  if (isOther && crowding([...own, newcomer]) <= crowding(largest.filter((item) => item !== loser.item)))
    return loser.item;
  if (own.length === 0) return undefined;
  const held = own.filter(({ host }) => host === newcomer.host).length;
  const neighbour = leastOf(own);
  return held + 1 < neighbour.held ? neighbour.item : undefined;

  function leastOf(members: readonly Item[]): { item: Item; held: number } {
    const hosts = [...Map.groupBy(members, ({ host }) => host).values()];
    const held = Math.max(...hosts.map(({ length }) => length));
    const item = hosts
      .filter(({ length }) => length === held)
      .flat()
      .sort(worth)[0]!;
    return { item, held };
  }
}

/**
 * The machines of a LAN share a group, and few addresses in as many groups must not push them out; but a rented group
 * of 256 hosts must not count as 256. So a group may hold as much as the square root of its hosts.
 */
function crowding(members: readonly Placed[]): number {
  return members.length / Math.sqrt(Math.max(1, new Set(members.map(({ host }) => host)).size));
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

/**
 * Yields one item of each key, then a second one of each key that has more, and so on; otherwise in the given order.
 */
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
