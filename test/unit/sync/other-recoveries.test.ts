import { expect, onTestFinished, test } from "vitest";
import { recovery } from "../../../protocols/index.ts";
import { acceptRecoveries } from "../../../src/chain/accept-recoveries.ts";
import { recoveryId } from "../../../src/consensus/index.ts";
import { OtherRecoveries } from "../../../src/sync/other-recoveries.ts";
import type { Recovery } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, testChain, testGenesis } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { FakeNetwork, failing } from "../support/network.ts";
import { recoveryAt } from "../support/recovery.ts";
import { settledClock, syncNode } from "../support/sync-node.ts";

const genesis = await testGenesis(3);
const place = { header: { height: 9 } as never, id: new Uint8Array(32).fill(9) };
const first = recoveryAt(genesis.id, place, authorities.slice(0, 2));
const second = recoveryAt(genesis.id, place, authorities.slice(1, 2), first);

async function nodes(...given: Recovery[][]) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const all: (Awaited<ReturnType<typeof syncNode>> & { others: OtherRecoveries; warnings: string[] })[] = [];
  for (const [index, recoveries] of given.entries()) {
    const database = new MemoryDatabase();
    const { stores } = await testChain({ genesis, database });
    await acceptRecoveries(stores, genesis, recoveries);
    const node = await syncNode(net, `node ${index}`, genesis, { database });
    const warnings: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => warnings.push(text) } as never;
    const others = new OtherRecoveries({ ...node, clock, logger });
    node.statuses.start();
    others.start();
    all.push({ ...node, others, warnings });
  }
  onTestFinished(async () => {
    for (const node of all) {
      node.others.stop();
      await node.stop();
    }
  });
  const [one, ...rest] = all as [(typeof all)[number], ...typeof all];
  for (const other of rest) net.connect(one.network, other.network);
  await clock.advance(12_000);
  return { net, clock, one, rest };
}

test("a node asks each peer once a minute which recovery it follows, and blames none", async () => {
  const { net, clock, one, rest } = await nodes([], [first], [first], [first, second], []);
  expect(one.others.claims()).toEqual({
    unknown: [
      { id: toHex(recoveryId(first)), height: 9, authorities: 2, addresses: 2 },
      { id: toHex(recoveryId(second)), height: 9, authorities: 1, addresses: 1 },
    ],
    without: 0,
  });
  expect(one.warnings).toHaveLength(2);
  expect(one.warnings[0]).toContain("--recovery");
  const asked = net.count("recovery");
  expect(asked).toBeGreaterThanOrEqual(3);
  await clock.advance(30_000);
  expect(net.count("recovery")).toBe(asked);
  expect([...net.nodes.values()].flatMap(({ penalties }) => penalties)).toEqual([]);
  expect(rest[0]!.others.claims()).toEqual({ unknown: [], without: 1 });
  net.disconnect(one.network, rest[0]!.network);
  expect(one.others.claims().unknown[0]!.addresses).toBe(1);
});

test("a node does not ask peers with the same recoveries", async () => {
  const { net, one } = await nodes([first], [first]);
  expect(net.count("recovery")).toBe(0);
  expect(one.others.claims()).toEqual({ unknown: [], without: 0 });
});

test("a node does not report a claim that is not a recovery of its chain", async () => {
  const { net, clock, one } = await nodes([], [first]);
  const wrong = [
    { ...first, genesisId: new Uint8Array(32) },
    { ...first, authorities: [] },
    { ...first, authorities: first.authorities.toReversed() },
  ];
  for (const answer of wrong) {
    net.fault = (_, name) =>
      name === "recovery"
        ? {
            async *answer() {
              yield answer;
            },
          }
        : undefined;
    net.disconnect(one.network, net.nodes.get("node 1")!);
    net.connect(one.network, net.nodes.get("node 1")!);
    await clock.advance(12_000);
    expect(one.others.claims()).toEqual({ unknown: [], without: 0 });
    expect(one.network.penalties.splice(0)).toMatchObject([{ peer: "node 1", offence: "invalidResponse" }]);
  }
});

const answering = (answer: () => AsyncIterable<unknown>) => (_: string, name: string) =>
  name === "recovery" ? { answer } : undefined;

test("a peer is asked with the node's own newest recovery", async () => {
  const { net } = await nodes([first], [first, second]);
  const asked = net.requests.filter(({ from, protocol }) => from === "node 0" && protocol === "recovery");
  expect(asked.map(({ request }) => request)).toEqual([{ known: recoveryId(first) }]);
});

test("claims are ordered by the number of addresses", async () => {
  const { one } = await nodes([], [first, second], [first], [first]);
  expect(one.others.claims().unknown.map(({ addresses }) => addresses)).toEqual([2, 1]);
});

test("a node with a recovery hears of a later one", async () => {
  const { one } = await nodes([first], [first, second]);
  expect(one.others.claims()).toMatchObject({ unknown: [{ id: toHex(recoveryId(second)) }], without: 0 });
  expect(one.warnings).toHaveLength(1);
});

/** Connects the node to peers that claim these recoveries, and returns the names of those that were asked. */
function claimants(
  { net, one }: Pick<Awaited<ReturnType<typeof nodes>>, "net" | "one">,
  claims: Readonly<Record<string, Recovery>>,
): string[] {
  const asked: string[] = [];
  one.statuses.get = (peer) => (peer in claims ? ({ isFollowed: false } as never) : undefined);
  for (const [peer, claim] of Object.entries(claims)) {
    net.node(peer).serve(recovery, async function* () {
      asked.push(peer);
      yield claim;
    });
    one.network.connected(peer);
  }
  return asked;
}

test("an address claims what most of its peers claim", async () => {
  const base = await nodes([]);
  claimants(base, { "w@1": second, "w@2": first, "w@3": first, x: second, y: second });
  await base.clock.advance(60_000);
  const ids = base.one.others.claims().unknown.map(({ id, addresses }) => [id, addresses]);
  expect(ids).toEqual([
    [toHex(recoveryId(second)), 2],
    [toHex(recoveryId(first)), 1],
  ]);
});

test("asks first those peers of an address that were never asked", async () => {
  const base = await nodes([]);
  const names = Array.from({ length: 32 }, (_, at) => `w@${at}`);
  const asked = claimants(base, Object.fromEntries(names.map((name) => [name, first])));
  await base.clock.advance(120_000);
  expect(new Set(asked).size).toBe(32);
});

test("a peer with an older recovery of this node's is one without the newest, and no warning", async () => {
  const { one } = await nodes([first, second], [first]);
  expect(one.others.claims()).toEqual({ unknown: [], without: 1 });
  expect(one.warnings).toEqual([]);
});

test("a node without a recovery says so, and a claim lasts until the peer says that it has none", async () => {
  const { net, clock, one, rest } = await nodes([], [first]);
  const claims = () => one.others.claims().unknown.length;
  expect(claims()).toBe(1);
  net.fault = answering(failing("connection", "gone"));
  await clock.advance(60_000);
  const before = net.count("recovery");
  expect(before).toBeGreaterThan(2);
  expect([claims(), one.network.penalties]).toEqual([1, []]);
  net.fault = answering(failing("resourceUnavailable", "none"));
  await clock.advance(60_000);
  expect(net.count("recovery")).toBeGreaterThan(before);
  expect([claims(), one.network.penalties]).toEqual([0, []]);
  net.fault = () => undefined;
  const ask = async () => {
    for await (const _ of rest[0]!.network.request("node 0", recovery, { known: new Uint8Array(32) }));
  };
  await expect(ask()).rejects.toMatchObject({ code: "resourceUnavailable" });
});

test("a peer is asked at the start, again after a minute and not before, and not after a stop", async () => {
  const { net, clock, one } = await nodes([], [first]);
  const asked = () =>
    net.requests.filter(({ from, protocol }) => from === "node 0" && protocol === "recovery").length;
  const count = asked();
  const again = new OtherRecoveries({ ...one, clock, logger: silentLogger });
  again.start();
  await clock.advance(0);
  expect(asked()).toBe(count + 1);
  await clock.advance(55_000);
  // The other one has asked again meanwhile; this one has not.
  const other = asked() - count - 1;
  await clock.advance(5_000);
  expect(asked()).toBe(count + 2 + other);
  const { listeners } = one.network;
  again.stop();
  one.others.stop();
  expect(one.network.listeners).toBe(listeners - 2);
  const stopped = asked();
  await clock.advance(120_000);
  expect(asked()).toBe(stopped);
});

test("claims end where the peer's digest says that it follows the same recoveries", async () => {
  const { one } = await nodes([], [first]);
  expect(one.others.claims().unknown).toHaveLength(1);
  one.statuses.get = () => undefined;
  expect(one.others.claims()).toEqual({ unknown: [], without: 0 });
});

test("warns of each claimed recovery once, and of four of an address in an hour at most", async () => {
  const { net, clock, one } = await nodes([], [first]);
  one.warnings.length = 0;
  let turn = 0;
  net.fault = answering(async function* () {
    yield { ...first, round: first.round + 1 + Math.floor(turn++ / 2) };
  });
  for (let round = 0; round < 24; round++) await clock.advance(60_000);
  expect(turn).toBeGreaterThan(20);
  // Three places were left, and one more comes free every quarter of an hour.
  expect(one.warnings).toHaveLength(4);
});

test("each address counts for one claim, addresses take turns, and few claims are checked at a time", async () => {
  const crowds = ["w", "x", "y", "z"].flatMap((host) =>
    Array.from({ length: 32 }, (_, at) => `${host}@${at}`),
  );
  const { net, clock, one } = await nodes([], [first], [first], [first], [first], [first]);
  const claimed = (peer: string) => ({ ...first, round: first.round + 1 + crowds.indexOf(peer) });
  const honest = net.fault;
  const liars = new Map<string, number>();
  net.fault = (peer, name) => {
    if (name !== "recovery" || !crowds.includes(peer)) return honest(peer, name);
    liars.set(peer, (liars.get(peer) ?? 0) + 1);
    return {
      answer: async function* () {
        yield claimed(peer);
      },
    };
  };
  const status = { isFollowed: false } as never;
  const { get } = one.statuses;
  one.statuses.get = (peer) => (crowds.includes(peer) ? status : get.call(one.statuses, peer));
  for (const peer of crowds) {
    net.node(peer).serve(recovery, async function* () {});
    one.network.connected(peer);
  }
  net.disconnect(one.network, net.nodes.get("node 5")!);
  net.connect(one.network, net.nodes.get("node 5")!);
  await clock.advance(60_000);
  // Twelve looks at two peers each, of nine addresses.
  expect([...liars.values()].reduce((sum, times) => sum + times, 0)).toBeLessThan(24);
  const asked = net.requests.filter(({ from, to }) => from === "node 0" && to === "node 5");
  expect(asked.map(({ protocol }) => protocol)).toContain("recovery");
  const { unknown } = one.others.claims();
  expect(unknown[0]).toMatchObject({ id: toHex(recoveryId(first)), addresses: 5 });
  expect(unknown.length).toBeLessThanOrEqual(5);
  expect(unknown.slice(1).map(({ addresses }) => addresses)).toEqual([1, 1, 1, 1]);
});
