import { expect, test } from "vitest";
import { maxRetryMs, toldAttempts } from "../../../src/network/candidate.ts";
import { lastedMs, splitPeerId } from "../../../src/network/dialer.ts";
import { type Teller, toldLimits } from "../../../src/network/told.ts";
import { ManualClock } from "../support/clock.ts";
import { answerFrom, at, peer, setUp } from "./dialing.ts";

/** This machine, which may run a whole network. */
const discovery = answerFrom("/ip4/127.0.0.1/udp/5353");

test("dials a discovered peer once, and writes it to the address book when it stayed", async () => {
  const { dialer, clock, alive, dials, book } = setUp();
  await dialer.start();
  alive.set(at(1), "z");
  dialer.found("z", [`${at(1)}/p2p/z`], discovery);
  dialer.found("z", [`${at(1)}/p2p/z`], discovery);
  await clock.advance(lastedMs - 1);
  expect([...book.keys()]).toEqual([]);
  await clock.advance(60_000);
  expect(dials).toEqual([{ atMs: 0, addresses: [at(1)], id: "z" }]);
  expect(book.get("z")).toMatchObject({ addresses: [at(1)], dialled: true });
  expect(clock.pending).toBe(0);
});

test("waits for the dial of a peer with a lower id that has discovered this node too", async () => {
  const { dialer, clock, dials, connected } = setUp();
  await dialer.start();
  dialer.found("a", [at(1)], discovery);
  dialer.found("b", [at(2)], discovery);
  connected.add("b");
  dialer.onConnected("b", undefined);
  await clock.advance(400);
  expect(dials).toEqual([{ atMs: 300, addresses: [at(1)], id: "a" }]);
});

const gaps = (dials: { atMs: number }[]) =>
  dials.slice(1).map(({ atMs }, index) => atMs - dials[index]!.atMs);

test("redials a person's peer forever, with delays that grow up to the cap", async () => {
  const { dialer, clock, dials } = setUp({ bootstrap: [`${at(1)}/p2p/z`], hasRoom: () => false });
  await dialer.start();
  await clock.advance(100_000);
  expect(gaps(dials).slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, maxRetryMs]);
  await clock.advance(3_600_000);
  expect(dials.length).toBeGreaterThan(360);
});

test("dials reported addresses a few times, then at most once a minute while they are reported", async () => {
  const { dialer, clock, dials } = setUp();
  await dialer.start();
  dialer.found("z", [at(1)], discovery);
  await clock.advance(3_600_000);
  expect(gaps(dials)).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(dials.length).toBe(toldAttempts);
  const before = dials.length;
  for (let n = 0; n < 360; n++) {
    dialer.found("z", [at(1)], discovery);
    await clock.advance(10_000);
  }
  expect(dials.length - before).toBeGreaterThan(30);
  expect(dials.length - before).toBeLessThan(60 + toldAttempts);
});

test("dials a peer that closes at once less and less often, also one that a person gave", async () => {
  for (const given of [true, false]) {
    const base = setUp({ bootstrap: given ? [`${at(1)}/p2p/z`] : [] });
    const { dialer, clock, alive, dials, connected, cut } = base;
    await dialer.start();
    alive.set(at(1), "z");
    dialer.found("z", [at(1)], discovery);
    for (let n = 0; n < 250; n++) {
      await clock.advance(100);
      if (connected.has("z")) cut("z");
    }
    expect(dials.length).toBeGreaterThanOrEqual(4);
    expect(dials.length).toBeLessThanOrEqual(6);
  }
});

test("a peer that stayed is dialled at once when it is lost, and again for minutes", async () => {
  const { dialer, clock, alive, dials, cut, connected } = setUp();
  await dialer.start();
  alive.set(at(1), "z");
  dialer.found("z", [at(1)], discovery);
  await clock.advance(60_000);
  cut("z");
  alive.clear();
  await clock.advance(120_000);
  expect(dials.length).toBeGreaterThan(10);
  expect(dials[1]!.atMs).toBeLessThanOrEqual(60_500);
  alive.set(at(1), "z");
  await clock.advance(maxRetryMs);
  expect(connected.has("z")).toBe(true);
});

test("redials at once when it loses a peer that had dialled this node and reported where it listens", async () => {
  const { dialer, clock, alive, dials, cut, connected, book } = setUp();
  await dialer.start();
  connected.add("z");
  dialer.found("z", [at(1)], peer(at(50_000)));
  dialer.onConnected("z", undefined);
  await clock.advance(60_000);
  expect(dials).toEqual([]);
  expect(book.get("z")).toMatchObject({ addresses: [at(1)], dialled: false });
  alive.set(at(1), "z");
  cut("z");
  await clock.advance(500);
  expect(dials.length).toBe(1);
  expect(connected.has("z")).toBe(true);
});

test("20 short-lived ids that report strangers' ports cause only a few dials", async () => {
  const { dialer, clock, dials, connected, cut, book } = setUp();
  await dialer.start();
  for (let n = 0; n < 20; n++) {
    connected.add(`n${n}`);
    const strangers = Array.from({ length: 8 }, (_, m) => at(1 + m, `192.0.2.${n}`));
    dialer.found(`n${n}`, strangers, peer(at(50_000, "198.51.100.1")));
    dialer.onConnected(`n${n}`, undefined);
    await clock.advance(100);
    cut(`n${n}`);
  }
  await clock.advance(40_000);
  const knocks = dials.flatMap(({ addresses }) => addresses).length;
  expect(knocks).toBeLessThanOrEqual(toldLimits.elsewherePerTeller.requests);
  expect(book.size).toBe(0);
});

test("the address that worked last is tried first; a liar cannot push it out", async () => {
  const { dialer, clock, alive, dials, cut } = setUp();
  await dialer.start();
  alive.set(at(2), "z");
  dialer.found("z", [at(1), at(2)], discovery);
  await clock.advance(60_000);
  for (let n = 0; n < 100; n++) dialer.found("z", [at(100 + n)], discovery);
  cut("z");
  await clock.advance(1_000);
  expect(dials[1]!.addresses[0]).toBe(at(2));
  expect(dials[1]!.addresses.length).toBe(8);
});

test("a peer that answers by mDNS is reached, however many forged answers for its id come from other machines", async () => {
  const { dialer, clock, alive, connected } = setUp();
  await dialer.start();
  const own = at(4_000, "10.0.0.9");
  dialer.found("z", [own], answerFrom(at(5_353, "10.0.0.9")));
  for (let n = 0; n < 250; n++) {
    const forger = `10.0.0.${21 + (n % 4)}`;
    dialer.found("z", [at(1 + n, forger)], answerFrom(at(5_353, forger)));
  }
  alive.set(own, "z");
  await clock.advance(1_000);
  expect(connected.has("z")).toBe(true);
});

test("does not turn a flood of announcements into a flood of dials", async () => {
  const { dialer, clock, dials } = setUp();
  await dialer.start();
  for (let n = 0; n < 1_000; n++) {
    dialer.found("z", [at(100 + n)], discovery);
    await clock.advance(10);
  }
  expect(dials.length).toBeLessThan(12);
});

test("redials a peer that once stayed sooner on new addresses, but at most every two seconds", async () => {
  const { dialer, clock, dials, alive, cut } = setUp();
  await dialer.start();
  // The peer has the lower id, so it is dialled without waiting.
  alive.set(at(1), "a");
  dialer.found("a", [at(1)], discovery);
  await clock.advance(lastedMs + 1_000);
  alive.clear();
  cut("a");
  await clock.advance(60_000);
  dials.length = 0;
  for (let n = 0; n < 1_000; n++) {
    dialer.found("a", [at(100 + n)], discovery);
    await clock.advance(10);
  }
  // Five dials come from news, and one from its own timer.
  expect(dials.length).toBeGreaterThanOrEqual(5);
  expect(dials.length).toBeLessThanOrEqual(6);
});

test("16 dials are under way at once, besides those to peers that a person gave", async () => {
  const given = Array.from({ length: 20 }, (_, n) => at(1, `10.2.0.${n + 1}`));
  let underWay = 0;
  const { dialer, clock } = setUp({
    bootstrap: given,
    dial: () => {
      underWay++;
      return new Promise(() => undefined);
    },
  });
  for (let n = 0; n < 40; n++) dialer.found(`early${n}`, [at(1, `10.1.${n}.1`)], discovery);
  await dialer.start();
  await clock.advance(1_000);
  expect(underWay).toBe(20);
  const others = setUp({
    dial: () => {
      underWay++;
      return new Promise(() => undefined);
    },
  });
  underWay = 0;
  await others.dialer.start();
  for (let n = 0; n < 40; n++) others.dialer.found(`n${n}`, [at(1, `10.1.${n}.1`)], discovery);
  await others.clock.advance(60_000);
  expect(underWay).toBe(16);
});

test("tries 512 peers, at most 32 reported by one host; peers that once stayed keep half of the places", async () => {
  const toldOf = (count: number, teller: (n: number) => Teller) => {
    const { dialer, clock } = setUp();
    return dialer.start().then(() => {
      for (let n = 0; n < count; n++) dialer.found(`n${n}`, [at(1 + n)], teller(n));
      return clock.pending;
    });
  };
  expect(await toldOf(600, () => discovery)).toBe(512);
  expect(await toldOf(600, (n) => peer(at(1, `10.${n >> 7}.${n & 127}.1`)))).toBe(512);
  expect(await toldOf(600, () => peer(at(1)))).toBe(32);
  expect(await toldOf(600, () => answerFrom(at(1)))).toBe(32);
  const base = setUp();
  await base.dialer.start();
  await comeAndGo(base, 512);
  expect(base.book.size).toBe(512);
  for (let n = 0; n < 600; n++) base.dialer.found(`new${n}`, [at(1)], discovery);
  await base.clock.advance(0);
  expect(base.book.size).toBe(256);
});

test("does not dial itself, or blocked peers until they are not", async () => {
  const { dialer, clock, blocked, dials } = setUp();
  await dialer.start();
  blocked.set("z", clock.now() + 60_000);
  dialer.found("m", [at(1)], discovery);
  dialer.found("y", [at(99)], discovery);
  dialer.found("z", [at(2)], discovery);
  await clock.advance(59_000);
  expect(dials).toEqual([]);
  await clock.advance(3_000);
  expect(dials[0]).toMatchObject({ id: "z" });
});

test("remembers peers across a restart, as its own choice if it had dialled them, and forgets those that were long absent", async () => {
  const now = new ManualClock().now();
  const { dialer, clock, dials, book } = setUp({
    known: [
      { id: "x", addresses: [at(1)], lastSeenMs: now - 86_400_000, dialled: true },
      { id: "y", addresses: [at(2)], lastSeenMs: now - 86_400_000, dialled: false },
      { id: "z", addresses: [at(3)], lastSeenMs: now - 60 * 86_400_000, dialled: true },
    ],
  });
  await dialer.start();
  await clock.advance(100);
  expect(dials.map(({ id }) => id)).toEqual(["x", "y"]);
  expect(["x", "y"].map((id) => dialer.isChosen(id))).toEqual([true, false]);
  expect([...book.keys()]).toEqual(["x", "y"]);
});

test("redials a bootstrap address without a peer id when its peer is gone, since another may listen there", async () => {
  const { dialer, clock, alive, dials, cut, connected } = setUp({ bootstrap: [at(1)] });
  alive.set(at(1), "y");
  await dialer.start();
  await clock.advance(60_000);
  expect(dials.length).toBe(1);
  expect(dialer.isGiven("y")).toBe(true);
  alive.set(at(1), "z");
  cut("y");
  await clock.advance(maxRetryMs * 2);
  expect(connected.has("z")).toBe(true);
});

test("a bootstrap address that turns out to be our own is dropped", async () => {
  const { dialer, clock, alive, dials } = setUp({ bootstrap: [at(1)] });
  alive.set(at(1), "m");
  await dialer.start();
  await clock.advance(60_000);
  expect(dials.length).toBe(1);
});

test("lets invented peers push out only invented peers", async () => {
  const { dialer, clock, alive, dials, cut } = setUp();
  await dialer.start();
  alive.set(at(1), "z");
  dialer.found("z", [at(1)], discovery);
  await clock.advance(60_000);
  for (let n = 0; n < 2_000; n++) {
    dialer.found(`n${n}`, [at(2)], discovery);
    if (n % 100 === 0) await clock.advance(5_000);
  }
  cut("z");
  await clock.advance(10_000);
  expect(dials.filter(({ id }) => id === "z").length).toBe(2);
});

/** Lets peers on different machines connect to the node, stay for a while and leave. */
async function comeAndGo({ dialer, clock, connected, cut }: ReturnType<typeof setUp>, count: number) {
  const host = (n: number) => `10.1.${n >> 7}.${1 + (n & 127)}`;
  for (let n = 0; n < count; n++) {
    connected.add(`n${n}`);
    dialer.found(`n${n}`, [at(1, host(n))], peer(at(50_000, host(n))));
  }
  await clock.advance(lastedMs + 1_000);
  for (let n = 0; n < count; n++) cut(`n${n}`);
  await clock.advance(100_000);
  return host;
}

test("peers that stayed once and are gone make room, also in the address book, but not those given by a person", async () => {
  const base = setUp({ bootstrap: [`${at(1)}/p2p/zboot`] });
  const { dialer, clock, alive, book, connected } = base;
  await dialer.start();
  await comeAndGo(base, 600);
  const remembered = book.size;
  expect(remembered).toBeLessThanOrEqual(512);
  alive.set(at(2), "znew");
  dialer.found("znew", [at(2)], discovery);
  await clock.advance(25_000);
  expect(connected.has("znew")).toBe(true);
  expect(book.size).toBeLessThanOrEqual(remembered);
  alive.set(at(1), "zboot");
  await clock.advance(15_000);
  expect(connected.has("zboot")).toBe(true);
});

test("peers that stayed once are not pushed out by a sudden flood of made-up ones", async () => {
  const base = setUp();
  const { dialer, clock, alive, connected } = base;
  await dialer.start();
  const host = await comeAndGo(base, 20);
  for (let n = 0; n < 2_000; n++) dialer.found(`made-up${n}`, [at(2)], discovery);
  for (let n = 0; n < 20; n++) alive.set(at(1, host(n)), `n${n}`);
  await clock.advance(15_000);
  expect(connected.size).toBe(20);
});

test("a host that reports many peers leaves room for the reports of others", async () => {
  const { dialer, clock, alive, connected } = setUp();
  await dialer.start();
  for (let n = 0; n < 2_000; n++) dialer.found(`n${n}`, [at(2)], peer(at(1, "10.0.0.2")));
  alive.set(at(1), "z");
  dialer.found("z", [at(1)], peer(at(1)));
  await clock.advance(1_000);
  expect(connected.has("z")).toBe(true);
});

test("dials addresses that a person gave forever, however many the peer reports", async () => {
  const names = ["/dns4/a/tcp/1", "/dns4/b/tcp/1"];
  const { dialer, clock, alive, connected, cut } = setUp({ bootstrap: names.map((name) => `${name}/p2p/z`) });
  await dialer.start();
  for (const name of names) {
    // A connection has the address that the name resolved to.
    connected.add("z");
    dialer.onConnected("z", at(1));
    const told = Array.from({ length: 10 }, (_, n) => at(2 + n));
    dialer.found("z", told, discovery);
    alive.clear();
    alive.set(name, "z");
    await clock.advance(60_000);
    cut("z");
    await clock.advance(15_000);
    expect(connected.has("z")).toBe(true);
  }
});

test("stops", async () => {
  const { dialer, clock, dials } = setUp({ bootstrap: [at(1)] });
  await dialer.start();
  dialer.found("z", [at(2)], discovery);
  await dialer.stop();
  await clock.advance(60_000);
  expect(dials).toEqual([]);
  expect(clock.pending).toBe(0);
});

test("does not dial while there are enough connections", async () => {
  let room = false;
  const { dialer, clock, dials } = setUp({ hasRoom: () => room });
  await dialer.start();
  dialer.found("z", [at(1)], discovery);
  await clock.advance(30_000);
  expect(dials).toEqual([]);
  room = true;
  await clock.advance(maxRetryMs);
  expect(dials.length).toBe(1);
});

test("peers being dialled count as connections, without those that a person gave and those that connected meanwhile", async () => {
  const dials: string[] = [];
  const counted: string[][] = [];
  const { dialer, clock, connected } = setUp({
    bootstrap: [`${at(9)}/p2p/y`],
    dial: ([address]) => {
      dials.push(address!);
      return new Promise(() => undefined);
    },
    hasRoom: (_, dialing) => {
      counted.push([...dialing]);
      return dialing.length < 2;
    },
  });
  await dialer.start();
  await clock.advance(0);
  for (const [index, id] of ["v", "w", "x"].entries()) {
    dialer.found(id, [at(index + 1)], discovery);
    await clock.advance(0);
  }
  expect(counted).toEqual([[], [at(1)], [at(1), at(2)]]);
  connected.add("v");
  await clock.advance(maxRetryMs);
  expect(counted.at(-1)).toEqual([at(2)]);
  expect(dials).toEqual([at(9), at(1), at(2), at(3)]);
});

test("splitPeerId", () => {
  expect(splitPeerId("/ip4/1.2.3.4/tcp/5/p2p/12D3")).toEqual(["/ip4/1.2.3.4/tcp/5", "12D3"]);
  expect(splitPeerId("/dns4/host/tcp/5")).toEqual(["/dns4/host/tcp/5", undefined]);
});
