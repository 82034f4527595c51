import { expect, test } from "vitest";
import { placeOf } from "../../../src/network/address.ts";
import { maxAddresses, type Teller, Told, toldLimits } from "../../../src/network/told.ts";
import { ManualClock } from "../support/clock.ts";

const peer = (address: string): Teller => ({ by: "peer", place: placeOf(address)! });
const answerFrom = (address: string): Teller => ({ by: "discovery", place: placeOf(address)! });
const lan = peer("/ip4/192.168.1.5/tcp/1");
const internet = peer("/ip4/198.51.100.1/tcp/1");
const self = peer("/ip4/127.0.0.1/tcp/1");
const neighbour = answerFrom("/ip4/192.168.1.5/udp/5353");
const sameMachine = answerFrom("/ip4/127.0.0.1/udp/5353");
const loopback = "/ip4/127.0.0.1/tcp/4000";
const priv = "/ip4/10.0.0.1/tcp/4000";
const link = "/ip6/fe80::1/tcp/4000";
const metadata = "/ip4/169.254.169.254/tcp/80";
const pub = "/ip4/203.0.113.1/tcp/4000";

test.each<[who: string, teller: Teller, usable: string[]]>([
  ["a peer on the internet", internet, [pub]],
  ["a peer on the LAN", lan, [priv, pub]],
  ["a peer on this machine", self, [loopback, priv, pub]],
  ["discovery", neighbour, [priv, pub]],
  ["discovery on this machine", sameMachine, [priv, pub]],
])("%s may report only addresses that reach as far as its own", (_who, teller, usable) => {
  const told = new Told(new ManualClock());
  expect(told.usable([loopback, priv, link, metadata, pub], teller, [])).toEqual(usable);
});

test("accepts loopback if an answer of this machine reports nothing else: a network on one machine", () => {
  const told = new Told(new ManualClock());
  expect(told.usable([loopback], sameMachine, [])).toEqual([loopback]);
  expect(told.usable([loopback], neighbour, [])).toEqual([]);
});

test("accepts a link-local address from the machine that has it, and from no other", () => {
  const told = new Told(new ManualClock());
  const own = "/ip4/169.254.7.7/tcp/4000";
  for (const teller of [peer(own), answerFrom(own)])
    expect(told.usable([own, link, metadata], teller, [])).toEqual([own]);
});

test.each([
  "/ip4/203.0.113.1/udp/1/quic-v1",
  "/ip4/203.0.113.1/tcp/1/p2p/12D3/p2p-circuit",
  "/ip4/203.0.113.1/tcp/0",
  "/ip4/203.0.113.1/tcp/99999",
  "/ip4/0.0.0.0/tcp/1",
  "/dnsaddr/example.org",
  "/dns/node.example/tcp/4000",
  "/dns4/node.example/tcp/4000",
  "/dns6/node.example/tcp/4000",
  "/ip6/64:ff9b::7f00:1/tcp/4000",
  "/unix/tmp",
  "nonsense",
])("never dials %s because somebody reported it", (address) => {
  const told = new Told(new ManualClock());
  for (const teller of [internet, neighbour]) expect(told.usable([address], teller, [])).toEqual([]);
});

test("ports are 1 to 65,535", () => {
  const told = new Told(new ManualClock());
  const port = (n: number) => `/ip4/10.0.0.1/tcp/${n}`;
  expect(told.usable([0, 1, 65_535, 65_536].map(port), lan, [])).toEqual([port(1), port(65_535)]);
});

test("drops the node's own addresses and repetitions, and keeps eight at most", () => {
  const told = new Told(new ManualClock());
  const many = Array.from({ length: 20 }, (_, n) => `/ip4/10.0.0.1/tcp/${n + 1}`);
  expect(told.usable([priv, `${priv}/p2p/12D3`], lan, [])).toEqual([priv]);
  expect(told.usable([priv, pub], lan, [priv])).toEqual([pub]);
  expect(told.usable(many, lan, []).length).toBe(maxAddresses);
});

const port = (n: number, host: string) => `/ip4/${host}/tcp/${n + 1}`;

function taken(
  told: Told,
  count: number,
  target: (n: number) => string,
  teller: (n: number) => Teller,
): number {
  return Array.from({ length: count }, (_, n) => told.take(target(n), teller(n))).filter(Boolean).length;
}

test.each<[string, target: (n: number) => string, teller: (n: number) => Teller, most: number]>([
  ["one target", () => pub, () => peer(pub), toldLimits.perTarget.requests],
  ["ports of the teller itself", (n) => port(n, "198.51.100.1"), () => internet, toldLimits.perHost.requests],
  [
    "ports of one host, by many tellers",
    (n) => port(n, "203.0.113.1"),
    (n) => peer(`/ip4/10.${n >> 7}.${n & 127}.1`),
    toldLimits.perHost.requests,
  ],
  [
    "hosts of one network",
    (n) => port(0, `203.0.113.${n & 255}`),
    (n) => peer(`/ip4/203.0.113.${n & 255}`),
    toldLimits.perGroup.requests,
  ],
  [
    "strangers, by one teller",
    (n) => port(0, `100.${n >> 7}.${n & 127}.1`),
    () => internet,
    toldLimits.elsewherePerTeller.requests,
  ],
  [
    "strangers, by many tellers",
    (n) => port(0, `100.${n >> 7}.${n & 127}.1`),
    (n) => peer(`/ip4/10.${n >> 7}.${n & 127}.1`),
    toldLimits.elsewhere.requests,
  ],
  [
    "whatever discovery tells",
    (n) => port(0, `10.${n >> 7}.${n & 127}.1`),
    (n) => answerFrom(`/ip4/10.0.${n >> 4}.1/udp/5353`),
    toldLimits.byDiscovery.requests,
  ],
  [
    "whatever one machine answers to discovery",
    (n) => port(0, `10.${n >> 7}.${n & 127}.1`),
    () => neighbour,
    toldLimits.discoveryPerTeller.requests,
  ],
  [
    "the internet, by discovery",
    (n) => port(0, `100.${n >> 7}.${n & 127}.1`),
    () => neighbour,
    toldLimits.publicByDiscovery.requests,
  ],
])("a flood of announcements leads to few dials: %s", (_name, target, teller, most) => {
  expect(taken(new Told(new ManualClock()), 1_000, target, teller)).toBe(most);
});

test("quotas fill up again", async () => {
  const clock = new ManualClock();
  const told = new Told(clock);
  taken(
    told,
    10,
    () => pub,
    () => peer(pub),
  );
  await clock.advance(toldLimits.perTarget.perMs / toldLimits.perTarget.requests);
  expect(told.take(pub, peer(pub))).toBe(true);
});

test("a refused dial takes nothing from the other quotas", () => {
  const told = new Told(new ManualClock());
  taken(
    told,
    1_000,
    () => pub,
    () => internet,
  );
  expect(told.take(port(0, "192.0.2.1"), internet)).toBe(true);
});

test("a whole network on one machine is not limited by host", () => {
  const told = new Told(new ManualClock());
  expect(
    taken(
      told,
      100,
      (n) => port(n, "127.0.0.1"),
      () => self,
    ),
  ).toBe(100);
});
