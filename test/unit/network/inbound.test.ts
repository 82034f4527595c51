import { expect, test } from "vitest";
import {
  Inbound,
  type InboundOptions,
  inboundLimits,
  inboundLimitsFor,
  isThisMachine,
  type Socket,
} from "../../../src/network/inbound.ts";
import { ManualClock } from "../support/clock.ts";

class FakeSocket implements Socket {
  readonly remoteAddr: string;
  #onClose = () => {};
  open = true;
  constructor(ip: string) {
    this.remoteAddr = `/${ip.includes(":") ? "ip6" : "ip4"}/${ip}/tcp/1`;
  }
  addEventListener(_name: "close", listener: () => void) {
    this.#onClose = listener;
  }
  abort() {
    this.open = false;
    this.#onClose();
  }
}

test("tells when all places are taken, and which addresses have used up their share", async () => {
  const limits = { ...inboundLimits, places: 4, placesPerHost: 2 };
  const { inbound, connect, given } = setUp({ limits });
  for (const ip of ["10.0.0.1", "127.0.0.1", "127.0.0.1"]) connect(ip);
  expect(inbound.places).toEqual({ inbound: { taken: 3, limit: 4 }, crowded: [] });
  given.add("friend");
  connect("10.0.0.2", "friend");
  connect("10.0.0.1");
  expect(inbound.places).toEqual({ inbound: { taken: 4, limit: 4 }, crowded: ["10.0.0.1"] });
});

function setUp(options: Partial<InboundOptions> = {}) {
  const clock = new ManualClock();
  const scores = new Map<string, number>();
  const useful = new Map<string, number>();
  const given = new Set<string>();
  const inbound = new Inbound({
    clock,
    score: (peer) => scores.get(peer) ?? 0,
    usefulness: (peer) => useful.get(peer) ?? 0,
    isGiven: (peer) => given.has(peer),
    isExempt: isThisMachine,
    onCrowded: () => undefined,
    limits: inboundLimits,
    ...options,
  });
  let peers = 0;
  /** Connects a peer; returns undefined if the connection is refused. */
  const connect = (ip: string, peer = `peer${peers++}`) => {
    const socket = new FakeSocket(ip);
    return inbound.mayBegin(socket) && inbound.mayStay(socket, peer) ? socket : undefined;
  };
  /** Connects peers with pauses, and returns those that are accepted. */
  const connectMany = async (ip: string, count: number) => {
    const sockets: FakeSocket[] = [];
    for (let n = 0; n < count; n++) {
      const socket = connect(ip);
      if (socket) sockets.push(socket);
      await clock.advance(1_000);
    }
    return sockets;
  };
  return { inbound, clock, scores, useful, given, connect, connectMany };
}

const { places, placesPerHost, handshakes, handshakesPerHost, ratePerHost, ratePerGroup, rateOfCrowded } =
  inboundLimits;
const attackers = ["198.51.100.1", "203.0.113.1", "192.0.2.1", "198.18.0.1"];

test("a host gets its share of the places, and one that leaves makes room", async () => {
  const { connect, connectMany } = setUp();
  const sockets = await connectMany("10.0.0.1", 2 * placesPerHost);
  expect(sockets.length).toBe(placesPerHost);
  expect(connect("10.0.0.2")).toBeDefined();
  sockets[0]!.abort();
  expect(connect("10.0.0.1")).toBeDefined();
});

test("an IPv6 /64 is one host", async () => {
  const { clock, connect } = setUp();
  let sockets = 0;
  for (let n = 1; n <= 2 * placesPerHost; n++) {
    if (connect(`2001:db8::${n.toString(16)}`)) sockets++;
    await clock.advance(1_000);
  }
  expect(sockets).toBe(placesPerHost);
});

test("when four addresses hold all places, each newcomer from elsewhere gets in, and stays", async () => {
  const { inbound, clock, connect, connectMany } = setUp();
  for (const ip of attackers) await connectMany(ip, 60);
  expect(inbound.places.inbound.taken).toBe(places);
  const honest = [];
  for (let n = 0; n < 20; n++) {
    honest.push(connect(`10.0.${n}.1`));
    await clock.advance(1_000);
  }
  for (const ip of attackers) await connectMany(ip, 60);
  expect(honest.every((socket) => socket?.open)).toBe(true);
  expect(inbound.places.inbound.taken).toBe(places);
});

test("the crowded addresses give way where honest peers and attackers share a /24", async () => {
  const { clock, connect, connectMany } = setUp();
  for (let n = 1; n <= 4; n++) await connectMany(`192.168.1.${n}`, 60);
  const honest = [];
  for (let n = 0; n < 20; n++) {
    honest.push(connect(`192.168.1.${100 + n}`));
    await clock.advance(1_000);
  }
  for (let n = 1; n <= 4; n++) await connectMany(`192.168.1.${n}`, 60);
  expect(honest.every((socket) => socket?.open)).toBe(true);
});

test("the machines of a LAN, which share one /24, get in and stay beside four addresses that want all places", async () => {
  const { connect, connectMany } = setUp();
  for (const ip of attackers) await connectMany(ip, placesPerHost);
  const lan: (FakeSocket | undefined)[] = [];
  for (let host = 1; host <= 60; host++) lan.push(...(await connectMany(`192.168.1.${host}`, 1)));
  for (let round = 0; round < 40; round++) for (const ip of attackers) await connectMany(ip, 1);
  expect(lan.filter((socket) => socket?.open)).toHaveLength(60);
  // A rented network has no more than the others leave free.
  for (let host = 1; host < 255; host++) connect(`198.18.7.${host}`);
  expect(lan.filter((socket) => socket?.open).length).toBeGreaterThan(30);
  expect(connect("100.64.0.1")).toBeDefined();
});

test("closes the least useful connection, not the oldest, when hosts hold equally many", async () => {
  const limits = { ...inboundLimits, places: 4 };
  const { clock, connect, useful } = setUp({ limits });
  const old = connect("10.0.0.1", "old");
  useful.set("old", 5);
  const others: (FakeSocket | undefined)[] = [];
  for (const host of [2, 3, 4]) {
    others.push(connect(`10.0.0.${host}`));
    await clock.advance(1_000);
  }
  expect(connect("10.0.1.1")).toBeDefined();
  expect(old?.open).toBe(true);
  expect(others.map((socket) => socket?.open)).toEqual([true, true, false]);
});

test("treats an attacker with an IPv6 /48 as one crowd", async () => {
  const { connect, clock } = setUp();
  for (let n = 0; n < 200; n++) {
    connect(`2001:db8:0:${n.toString(16)}::1`);
    await clock.advance(1_000);
  }
  const honest = connect("2001:db8:5::1");
  expect(honest?.open).toBe(true);
});

test("misbehaving peers of the crowd go first, then useless ones, then the youngest", async () => {
  const { scores, useful, clock, connect, connectMany } = setUp();
  for (const ip of attackers.slice(0, 3)) await connectMany(ip, 20);
  const crowd: FakeSocket[] = [];
  for (let n = 0; n < 36; n++) {
    crowd.push(connect(n % 2 ? "198.18.0.2" : "198.18.0.1", `crowd${n}`)!);
    await clock.advance(1_000);
  }
  for (let n = 0; n < 36; n++) useful.set(`crowd${n}`, n === 35 ? 3 : n === 33 ? 0 : 1);
  scores.set("crowd3", -10);
  const gone = () => crowd.flatMap((socket, n) => (socket.open ? [] : n));
  // Both addresses of the crowd have 18.
  for (let n = 0; n < 6; n++) connect(`10.0.${n}.1`);
  expect(gone().filter((n) => n % 2 === 1)).toEqual(expect.arrayContaining([3, 33, 31]));
  expect(gone()).not.toContain(35);
  expect(gone()).not.toContain(1);
});

test("stops replacing connections when all hosts have equally many, so that no two evict each other in turns", async () => {
  const { inbound, connect, connectMany } = setUp({ limits: { ...inboundLimits, places: 4 } });
  const first = await connectMany("10.0.1.1", 4);
  const second = [connect("10.0.2.1"), connect("10.0.2.1")];
  expect(first.filter(({ open }) => open).length).toBe(2);
  expect(connect("10.0.1.1")).toBeUndefined();
  expect(connect("10.0.2.1")).toBeUndefined();
  expect(second.every((socket) => socket?.open)).toBe(true);
  expect(inbound.places.inbound.taken).toBe(4);
});

test("accepts a person's peers even if everything is full, and never evicts them", async () => {
  const { given, connect, connectMany } = setUp({ limits: { ...inboundLimits, places: 4 } });
  given.add("given");
  const own = connect("10.0.1.1", "given");
  await connectMany("10.0.1.1", 4);
  for (let n = 0; n < 8; n++) connect(`10.0.${n + 2}.1`);
  expect(own?.open).toBe(true);
  expect(connect("10.0.2.1", "given")).toBeDefined();
});

test("keeps the two newest connections of a peer", async () => {
  const { connect } = setUp();
  const [first, second, third] = [
    connect("10.0.0.1", "a"),
    connect("10.0.0.1", "a"),
    connect("10.0.0.2", "a"),
  ];
  expect([first?.open, second?.open, third?.open]).toEqual([false, true, true]);
});

test("half-open connections: each host has a share, and the oldest of the crowded host gives way when all are taken", () => {
  const { inbound } = setUp();
  const begun: FakeSocket[] = [];
  const begin = (ip: string) => {
    const socket = new FakeSocket(ip);
    if (!inbound.mayBegin(socket)) return undefined;
    begun.push(socket);
    return socket;
  };
  const one = Array.from({ length: 80 }, () => begin("198.51.100.1"));
  expect(one.filter(Boolean).length).toBe(handshakesPerHost);
  expect(begin("198.51.100.2")).toBeDefined();
  one[0]!.abort();
  expect(begin("198.51.100.1")).toBeDefined();
  const open = () => begun.filter(({ open }) => open).length;
  for (let n = 0; open() < handshakes; n++) begin(`198.51.${n % 16}.${n}`);
  expect(begin("10.0.0.1")).toBeDefined();
  expect(open()).toBe(handshakes);
});

test("a host that goes on connecting gets a few handshakes a second, and its neighbours still get theirs", async () => {
  const { clock, inbound } = setUp();
  let begun = 0;
  const flood = async (seconds: number) => {
    begun = 0;
    for (let n = 0; n < seconds * 50; n++) {
      const socket = new FakeSocket("198.51.100.1");
      if (inbound.mayBegin(socket)) begun++;
      socket.abort();
      await clock.advance(20);
    }
  };
  await flood(10);
  await flood(10);
  expect(begun).toBeLessThanOrEqual((10_000 * ratePerHost.requests) / ratePerHost.perMs + 1);
  expect(inbound.mayBegin(new FakeSocket("198.51.100.2"))).toBe(true);
  let ofGroup = 0;
  for (let n = 0; n < 2_000; n++) {
    const socket = new FakeSocket(`203.0.113.${n % 256}`);
    if (inbound.mayBegin(socket)) ofGroup++;
    socket.abort();
  }
  expect(ofGroup).toBe(ratePerGroup.requests);
});

test("a host for which there is no place gets few handshakes: its peers would be turned away after them", async () => {
  const { inbound, given, clock, connect, connectMany } = setUp();
  const floods = async (seconds: number) => {
    let begun = 0;
    for (let n = 0; n < seconds * 10; n++) {
      for (const ip of attackers) {
        const socket = new FakeSocket(ip);
        if (!inbound.mayBegin(socket)) continue;
        begun++;
        expect(inbound.mayStay(socket, `late${n}`)).toBe(false);
        socket.abort();
      }
      await clock.advance(100);
    }
    return begun;
  };
  for (const ip of attackers) await connectMany(ip, 60);
  await clock.advance(60_000);
  const most = (seconds: number) => {
    const { requests, perMs } = rateOfCrowded;
    return attackers.length * (requests + (1_000 * seconds * requests) / perMs);
  };
  expect(await floods(32)).toBeLessThanOrEqual(most(32));
  // Peers that a person gave, and peers that return before their old connection has ended, are still accepted.
  await clock.advance(60_000);
  given.add("given");
  expect(connect(attackers[0]!, "given")).toBeDefined();
  // One host has all its places.
  const one = setUp();
  await one.connectMany("10.0.0.1", placesPerHost + 20);
  await one.clock.advance(60_000);
  const begun = Array.from({ length: 20 }, () => one.inbound.mayBegin(new FakeSocket("10.0.0.1")));
  expect(begun.filter((isBegun) => isBegun)).toHaveLength(rateOfCrowded.requests);
});

test("bans shrink what new ids from the address get, down to an eighth; they are forgotten, and the neighbour has its own", async () => {
  const { inbound, clock, connectMany } = setUp();
  for (let n = 0; n < 20; n++) inbound.banned("/ip4/198.51.100.1/tcp/1");
  expect((await connectMany("198.51.100.1", 3 * placesPerHost)).length).toBeLessThanOrEqual(
    placesPerHost / 4,
  );
  expect((await connectMany("198.51.100.2", 2 * placesPerHost)).length).toBe(placesPerHost);
  await clock.advance(3_600_000);
  expect((await connectMany("198.51.100.1", 2 * placesPerHost)).length).toBeGreaterThanOrEqual(
    placesPerHost - 12,
  );
});

test("after bans an address gets an eighth of its handshakes and places, at once and later", async () => {
  const { inbound, clock, connect } = setUp();
  for (let n = 0; n < 3; n++) inbound.banned("/ip4/198.51.100.1/tcp/1");
  const begin = () => {
    const socket = new FakeSocket("198.51.100.1");
    return inbound.mayBegin(socket) ? socket : undefined;
  };
  const begun = Array.from({ length: 100 }, begin).filter((socket) => socket !== undefined);
  expect(begun.length).toBe(handshakesPerHost / 8);
  for (const socket of begun) socket.abort();
  let more = 0;
  for (let n = 0; n < 100; n++) {
    const socket = begin();
    if (socket) more++;
    socket?.abort();
  }
  expect(begun.length + more).toBe(ratePerHost.requests / 8);
  const stay: (FakeSocket | undefined)[] = [];
  for (let round = 0; round < 5; round++) {
    await clock.advance(ratePerHost.perMs);
    stay.push(...Array.from({ length: ratePerHost.requests / 8 }, () => connect("198.51.100.1")));
  }
  // A part of the bans is forgotten by then.
  expect(stay.filter((socket) => socket !== undefined)).toHaveLength(placesPerHost / 8 + 1);
});

test("a machine may run a whole network of its own, and is not penalized", async () => {
  const { inbound, connectMany } = setUp();
  for (let n = 0; n < 20; n++) inbound.banned("/ip4/127.0.0.1/tcp/1");
  expect((await connectMany("127.0.0.1", places)).length).toBe(places);
});

test("forgets closed connections", async () => {
  const { inbound, connectMany } = setUp();
  for (const socket of await connectMany("10.0.0.1", 10)) socket.abort();
  expect(inbound.places.inbound.taken).toBe(0);
});

test("more peers of one address have places if the operator says so, and all others as many as ever", () => {
  expect(inboundLimitsFor(inboundLimits.placesPerHost)).toEqual(inboundLimits);
  expect(inboundLimitsFor(8)).toEqual({ ...inboundLimits, placesPerHost: 8 });
  const limits = inboundLimitsFor(200);
  expect(limits.places - limits.placesPerHost).toBe(inboundLimits.places - inboundLimits.placesPerHost);
});

test("says that an address has all the places that one may have, when a peer from there is refused", () => {
  const crowded: string[] = [];
  const { connect } = setUp({
    limits: { ...inboundLimits, ratePerHost: { requests: 1_000, perMs: 1 } },
    onCrowded: ({ host }) => crowded.push(host),
  });
  for (let n = 0; n < inboundLimits.placesPerHost; n++) expect(connect("10.0.0.1")).toBeDefined();
  connect("10.0.0.2");
  expect(crowded).toEqual([]);
  expect(connect("10.0.0.1")).toBe(undefined);
  expect(crowded).toEqual(["10.0.0.1"]);
});
