import { expect, test } from "vitest";
import { wantedOutbound } from "../../../src/network/connections.ts";
import { ManualClock } from "../support/clock.ts";
import { World } from "./exchange-world.ts";
import { signRecord } from "./sign-record.ts";

const foundWithinMs = 30_000;

test.each<[where: string, address: (n: number) => string]>([
  ["of a LAN", (n) => `/ip4/192.168.1.${n}/tcp/63261`],
  ["of the internet", (n) => `/ip4/203.${n}.7.1/tcp/63261`],
  ["of one machine", (n) => `/ip4/127.0.0.1/tcp/${63_261 + 2 * n}`],
])(
  "50 nodes %s that all know one have enough peers within 30 s, and any 10 may vanish",
  async (_where, address) => {
    const world = new World(new ManualClock());
    const records = await Promise.all(
      Array.from({ length: 50 }, (_, n) => signRecord(n + 1, [address(n + 1)])),
    );
    for (const [n, record] of records.entries()) await world.start(record, n === 0 ? [] : [address(1)]);
    await world.clock.advance(foundWithinMs);
    for (const { peers } of world.hosts.values()) expect(peers.size).toBeGreaterThanOrEqual(wantedOutbound);

    const hosts = [...world.hosts.values()];
    const mostConnected = hosts.toSorted((a, b) => b.peers.size - a.peers.size).slice(0, 10);
    expect(world.isOne(new Set(mostConnected.map(({ id }) => id)))).toBe(true);
    for (let round = 0; round < 100; round++) {
      const ids = hosts.toSorted(() => world.random() - 0.5).map(({ id }) => id);
      expect(world.isOne(new Set(ids.slice(0, 10)))).toBe(true);
    }
    world.vanish(mostConnected);
    await world.clock.advance(foundWithinMs);
    for (const { peers } of world.hosts.values()) expect(peers.size).toBeGreaterThanOrEqual(wantedOutbound);
    expect(world.penalties).toEqual([]);
  },
);

test("a network of two stars, each with a middle that knows the other's, becomes one", async () => {
  const world = new World(new ManualClock());
  const address = (n: number) => `/ip4/10.0.${n % 2}.${1 + (n >> 1)}/tcp/1`;
  const records = await Promise.all(Array.from({ length: 12 }, (_, n) => signRecord(n + 1, [address(n)])));
  for (const [n, record] of records.entries()) {
    const known = n === 1 ? [address(0)] : [address(n % 2)];
    await world.start(record, n === 0 ? [] : known);
  }
  await world.clock.advance(foundWithinMs);
  const middles = [...world.hosts.values()].slice(0, 2);
  world.vanish(middles);
  expect(world.isOne()).toBe(true);
});
