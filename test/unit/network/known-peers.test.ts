import { expect, test } from "vitest";
import type { AddressBookEntry } from "../../../src/network/known-peers.ts";
import { KnownPeers, maxKnownPeers, maxKnownPerHost } from "../../../src/network/known-peers.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

const dayMs = 86_400_000;

function setUp(known: AddressBookEntry[] = []) {
  const clock = new ManualClock();
  const stored = new Map(known.map((entry) => [entry.id, entry]));
  const peers = new KnownPeers({
    store: {
      load: async () => [...stored.values()],
      save: async (entry) => void stored.set(entry.id, entry),
      remove: async (id) => void stored.delete(id),
    },
    clock,
    logger: silentLogger,
  });
  return { clock, stored, peers };
}

const at = (host: string) => [`/ip4/${host}/tcp/1`];

test("stores the peers that it remembers, and reads them again", async () => {
  const { clock, stored, peers } = setUp();
  peers.remember("a", at("10.0.0.1"), true);
  peers.remember("a", at("10.0.0.2"), false);
  await peers.written();
  expect([...stored.values()]).toEqual([
    { id: "a", addresses: at("10.0.0.2"), lastSeenMs: clock.now(), dialled: true },
  ]);
  const again = setUp([...stored.values()]);
  await again.peers.load();
  expect(again.peers.all()).toEqual([...stored.values()]);
});

test("forgets peers that are too old, useless, or to be forgotten", async () => {
  const now = new ManualClock().now();
  const { stored, peers } = setUp([
    { id: "new", addresses: at("10.0.0.1"), lastSeenMs: now - dayMs },
    { id: "seldom", addresses: at("10.0.0.3"), lastSeenMs: now - 30 * dayMs },
    { id: "old", addresses: at("10.0.0.2"), lastSeenMs: now - 31 * dayMs },
    { id: "empty", addresses: [], lastSeenMs: now },
  ]);
  await peers.load();
  expect([...stored.keys()]).toEqual(["new", "seldom"]);
  peers.forget("new");
  peers.forget("seldom");
  await peers.written();
  expect([stored.size, peers.all()]).toEqual([0, []]);
});

test("one host has a share, in which the first peers stay unless they were absent for a day", async () => {
  const { clock, stored, peers } = setUp();
  for (let n = 0; n < 100; n++) peers.remember(`n${n}`, at("10.0.0.1"), true);
  expect(peers.all().map(({ id }) => id)).toEqual(Array.from({ length: maxKnownPerHost }, (_, n) => `n${n}`));
  await clock.advance(dayMs - 1);
  peers.remember("early", at("10.0.0.1"), true);
  expect(peers.all().map(({ id }) => id)).not.toContain("early");
  await clock.advance(1);
  peers.remember("later", at("10.0.0.1"), true);
  await peers.written();
  expect([stored.has("later"), stored.has("n0"), stored.size]).toEqual([true, false, maxKnownPerHost]);
  expect(peers.all()).toEqual([...stored.values()]);
});

test("a machine may run a whole network of its own", () => {
  const { peers } = setUp();
  for (let n = 0; n < 100; n++) peers.remember(`n${n}`, at("127.0.0.1"), true);
  expect(peers.all().length).toBe(100);
});

test("a crowd in one /24 does not push out the others, and they push out some of it", async () => {
  const { stored, peers } = setUp();
  for (let n = 0; n < 50; n++) peers.remember(`honest${n}`, at(`10.0.${n}.1`), true);
  for (let n = 0; n < 2_000; n++) peers.remember(`crowd${n}`, at(`192.0.2.${n % 256}`), true);
  for (let n = 0; n < 50; n++) peers.remember(`later${n}`, at(`10.1.${n}.1`), true);
  await peers.written();
  const names = peers.all().map(({ id }) => id.replace(/\d+$/, ""));
  expect(names.filter((name) => name !== "crowd").length).toBe(100);
  expect(names.length).toBe(maxKnownPeers);
  expect(stored.size).toBe(maxKnownPeers);
});

test("loses only the entry if the store fails", async () => {
  const peers = new KnownPeers({
    store: {
      load: async () => [],
      save: () => Promise.reject(new Error("full")),
      remove: async () => undefined,
    },
    clock: new ManualClock(),
    logger: silentLogger,
  });
  peers.remember("a", at("10.0.0.1"), true);
  await peers.written();
  expect(peers.all()).toMatchObject([{ id: "a" }]);
});
