import { expect, test } from "vitest";
import { diverseSample, givesWay, type Placed } from "../../../src/network/diversity.ts";

interface Item extends Placed {
  name: string;
  worth: number;
}

/** Makes items from the counts of hosts, which are named by group and number, such as `a1`. */
function items(counts: Record<string, number>): Item[] {
  return Object.entries(counts).flatMap(([host, count]) =>
    Array.from({ length: count }, (_, n) => ({ host, group: host[0]!, name: `${host}#${n}`, worth: -n })),
  );
}

const loser = (newcomer: string, counts: Record<string, number>) =>
  givesWay({ host: newcomer, group: newcomer[0]! }, items(counts), (a, b) => a.worth - b.worth)?.name;

test.each<[newcomer: string, counts: Record<string, number>, loser: string | undefined]>([
  // A group gives way to another that has fewer even afterwards.
  ["b1", { a1: 3, b1: 1 }, "a1#2"],
  ["b1", { a1: 3, b1: 2 }, undefined],
  // Two hosts may have more than one, but not twice as much.
  ["b1", { a1: 2, a2: 1, b1: 1 }, undefined],
  ["b1", { a1: 3, a2: 1, b1: 1 }, "a1#2"],
  ["b1", { a1: 2 }, "a1#1"],
  ["b1", { a1: 1 }, undefined],
  // Within the newcomer's group the same holds for hosts, which end up with equal counts.
  ["a2", { a1: 2 }, "a1#1"],
  ["a2", { a1: 1 }, undefined],
  ["a2", { a1: 3, a2: 1 }, "a1#2"],
  ["a2", { a1: 2, a2: 1 }, undefined],
  ["a1", { a1: 9 }, undefined],
  ["a1", {}, undefined],
])("the newcomer %s and holders %j make %s give way", (newcomer, counts, expected) => {
  expect(loser(newcomer, counts)).toBe(expected);
});

test("a sample takes from the groups in turn, and within each from the hosts, in random order", () => {
  const crowd = items({ a1: 9, a2: 1, b1: 1, c1: 2 });
  for (let round = 0; round < 50; round++) {
    const sample = diverseSample(crowd, 4, Math.random).map(({ host }) => host);
    expect(
      sample
        .slice(0, 3)
        .map(([group]) => group)
        .sort(),
    ).toEqual(["a", "b", "c"]);
  }
  const hosts = diverseSample(crowd, crowd.length, Math.random).map(({ host }) => host);
  expect(
    hosts
      .filter((host) => host.startsWith("a"))
      .slice(0, 2)
      .sort(),
  ).toEqual(["a1", "a2"]);
  expect(hosts).toHaveLength(crowd.length);
  const first = new Set(Array.from({ length: 100 }, () => diverseSample(crowd, 1, Math.random)[0]!.name));
  expect(first.size).toBeGreaterThan(5);
});
