import { expect, test } from "vitest";
import { Dialer, type DialerOptions, maxRetryMs, splitPeerId } from "../../../src/network/dialer.ts";
import type { AddressBookEntry } from "../../../src/network/types.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { ManualClock } from "../support/clock.ts";

/** A network in which `alive` addresses answer as the peer they name. */
function setUp(options: Partial<DialerOptions> & { known?: AddressBookEntry[] } = {}) {
  const clock = new ManualClock();
  const begin = clock.now();
  const alive = new Map<string, string>();
  const connected = new Set<string>();
  const blocked = new Map<string, number>();
  const dials: { atMs: number; addresses: string[]; id: string | undefined }[] = [];
  const book = new Map((options.known ?? []).map((entry) => [entry.id, entry]));
  const dialer = new Dialer({
    ownId: "m",
    clock,
    logger: silentLogger,
    random: () => 1,
    bootstrap: [],
    addressBook: {
      load: async () => [...book.values()],
      save: async (entry) => void book.set(entry.id, entry),
      remove: async (id) => void book.delete(id),
    },
    dial: async (addresses, id) => {
      dials.push({ atMs: clock.now() - begin, addresses: [...addresses], id });
      for (const address of addresses) {
        const peer = alive.get(address);
        if (peer === undefined || (id !== undefined && peer !== id)) continue;
        connected.add(peer);
        dialer.onConnected(peer, address);
        return peer;
      }
      throw new Error("nobody there");
    },
    connected: (id) => connected.has(id),
    blockedMs: (id) => Math.max(0, (blocked.get(id) ?? 0) - clock.now()),
    hasRoom: () => true,
    ...options,
  });
  const cut = (id: string) => {
    connected.delete(id);
    dialer.onDisconnected(id);
  };
  return { dialer, clock, alive, connected, blocked, dials, book, cut };
}

test("dials what is found, once, and writes it to the address book", async () => {
  const { dialer, clock, alive, dials, book } = setUp();
  await dialer.start();
  alive.set("/a", "z");
  dialer.found("z", ["/a/p2p/z"]);
  dialer.found("z", ["/a/p2p/z"]);
  await clock.advance(60_000);
  expect(dials).toEqual([{ atMs: 0, addresses: ["/a"], id: "z" }]);
  expect(book.get("z")?.addresses).toEqual(["/a"]);
  expect(clock.pending).toBe(0);
});

test("of two that find each other, the one with the higher id waits for the other's dial", async () => {
  const { dialer, clock, dials, connected } = setUp();
  await dialer.start();
  dialer.found("a", ["/a"]);
  dialer.found("b", ["/b"]);
  connected.add("b");
  dialer.onConnected("b", undefined);
  await clock.advance(400);
  expect(dials).toEqual([{ atMs: 300, addresses: ["/a"], id: "a" }]);
});

test("tries for ever, ever more slowly up to the cap", async () => {
  const { dialer, clock, dials } = setUp();
  await dialer.start();
  dialer.found("z", ["/a"]);
  await clock.advance(100_000);
  const gaps = dials.slice(1).map(({ atMs }, index) => atMs - dials[index]!.atMs);
  expect(gaps.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, maxRetryMs]);
  await clock.advance(3_600_000);
  expect(dials.length).toBeGreaterThan(360);
});

test("wakes at once when a peer is lost, also for one that dialled us", async () => {
  const { dialer, clock, alive, dials, cut, connected } = setUp();
  await dialer.start();
  connected.add("z");
  dialer.found("z", ["/a"]);
  dialer.onConnected("z", undefined);
  await clock.advance(60_000);
  expect(dials).toEqual([]);
  alive.set("/a", "z");
  cut("z");
  await clock.advance(500);
  expect(dials.length).toBe(1);
  expect(connected.has("z")).toBe(true);
});

test("the address that worked last is tried first; a liar cannot push it out", async () => {
  const { dialer, clock, alive, dials, cut } = setUp();
  await dialer.start();
  alive.set("/b", "z");
  dialer.found("z", ["/a", "/b"]);
  await clock.advance(1_000);
  for (let n = 0; n < 100; n++) dialer.found("z", [`/lie${n}`]);
  cut("z");
  await clock.advance(1_000);
  expect(dials[1]!.addresses[0]).toBe("/b");
  expect(dials[1]!.addresses.length).toBe(8);
});

test("a flood of announcements is no flood of dials", async () => {
  const { dialer, clock, dials } = setUp();
  await dialer.start();
  for (let n = 0; n < 1_000; n++) {
    dialer.found("z", [`/lie${n}`]);
    await clock.advance(10);
  }
  expect(dials.length).toBeLessThan(12);
});

test("does not dial itself, or blocked peers until they are not", async () => {
  const { dialer, clock, blocked, dials } = setUp();
  await dialer.start();
  blocked.set("z", clock.now() + 60_000);
  dialer.found("m", ["/a"]);
  dialer.found("z", ["/b"]);
  await clock.advance(59_000);
  expect(dials).toEqual([]);
  await clock.advance(3_000);
  expect(dials[0]).toMatchObject({ id: "z" });
});

test("remembers peers over a restart, and forgets those that were not there for long", async () => {
  const now = new ManualClock().now();
  const { dialer, clock, dials, book } = setUp({
    known: [
      { id: "y", addresses: ["/y"], lastSeenMs: now - 86_400_000 },
      { id: "z", addresses: ["/z"], lastSeenMs: now - 60 * 86_400_000 },
    ],
  });
  await dialer.start();
  await clock.advance(100);
  expect(dials.map(({ id }) => id)).toEqual(["y"]);
  expect([...book.keys()]).toEqual(["y"]);
});

test("a bootstrap address without a peer id is dialled again when its peer is gone, for another may be there", async () => {
  const { dialer, clock, alive, dials, cut, connected } = setUp({ bootstrap: ["/b"] });
  alive.set("/b", "y");
  await dialer.start();
  await clock.advance(60_000);
  expect(dials.length).toBe(1);
  alive.set("/b", "z");
  cut("y");
  await clock.advance(maxRetryMs * 2);
  expect(connected.has("z")).toBe(true);
});

test("a bootstrap address that turns out to be our own is dropped", async () => {
  const { dialer, clock, alive, dials } = setUp({ bootstrap: ["/b"] });
  alive.set("/b", "m");
  await dialer.start();
  await clock.advance(60_000);
  expect(dials.length).toBe(1);
});

test("made-up peers push out made-up peers, never real ones", async () => {
  const { dialer, clock, alive, dials, cut } = setUp();
  await dialer.start();
  alive.set("/real", "z");
  dialer.found("z", ["/real"]);
  await clock.advance(1_000);
  for (let n = 0; n < 2_000; n++) {
    dialer.found(`n${n}`, ["/nowhere"]);
    if (n % 100 === 0) await clock.advance(5_000);
  }
  cut("z");
  await clock.advance(10_000);
  expect(dials.filter(({ id }) => id === "z").length).toBe(2);
});

/** Peers that connect to us once, say where they listen, and are gone. */
async function comeAndGo({ dialer, clock, connected, cut }: ReturnType<typeof setUp>, count: number) {
  for (let n = 0; n < count; n++) {
    connected.add(`n${n}`);
    dialer.found(`n${n}`, [`/gone${n}`]);
    dialer.onConnected(`n${n}`, undefined);
    cut(`n${n}`);
  }
  await clock.advance(40_000);
}

test("peers that were there once and are gone make room, also in the address book, but not those given by a person", async () => {
  const base = setUp({ bootstrap: ["/boot/p2p/zboot"] });
  const { dialer, clock, alive, book, connected } = base;
  await dialer.start();
  await comeAndGo(base, 600);
  const remembered = book.size;
  alive.set("/new", "znew");
  dialer.found("znew", ["/new"]);
  await clock.advance(15_000);
  expect(connected.has("znew")).toBe(true);
  expect(book.size).toBe(remembered);
  alive.set("/boot", "zboot");
  await clock.advance(15_000);
  expect(connected.has("zboot")).toBe(true);
});

test("peers that were there once are not pushed out by a sudden flood of made-up ones", async () => {
  const base = setUp();
  const { dialer, clock, alive, connected } = base;
  await dialer.start();
  await comeAndGo(base, 20);
  for (let n = 0; n < 2_000; n++) dialer.found(`made-up${n}`, ["/nowhere"]);
  for (let n = 0; n < 20; n++) alive.set(`/gone${n}`, `n${n}`);
  await clock.advance(15_000);
  expect(connected.size).toBe(20);
});

test("addresses that a person gave are dialled for ever, however many the peer tells", async () => {
  const names = ["/name", "/other-name"];
  const { dialer, clock, alive, connected, cut } = setUp({ bootstrap: names.map((name) => `${name}/p2p/z`) });
  await dialer.start();
  for (const name of names) {
    // The address of a connection is the one to which the name resolved.
    dialer.onConnected("z", "/ip");
    const told = Array.from({ length: 10 }, (_, n) => `/told${n}`);
    dialer.found("z", told);
    alive.clear();
    alive.set(name, "z");
    cut("z");
    await clock.advance(15_000);
    expect(connected.has("z")).toBe(true);
  }
});

test("stops", async () => {
  const { dialer, clock, dials } = setUp({ bootstrap: ["/b"] });
  await dialer.start();
  dialer.found("z", ["/a"]);
  await dialer.stop();
  await clock.advance(60_000);
  expect(dials).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("waits while there are connections enough", async () => {
  let room = false;
  const { dialer, clock, dials } = setUp({ hasRoom: () => room });
  await dialer.start();
  dialer.found("z", ["/a"]);
  await clock.advance(30_000);
  expect(dials).toEqual([]);
  room = true;
  await clock.advance(maxRetryMs);
  expect(dials.length).toBe(1);
});

test("splitPeerId", () => {
  expect(splitPeerId("/ip4/1.2.3.4/tcp/5/p2p/12D3")).toEqual(["/ip4/1.2.3.4/tcp/5", "12D3"]);
  expect(splitPeerId("/dns4/host/tcp/5")).toEqual(["/dns4/host/tcp/5", undefined]);
});
