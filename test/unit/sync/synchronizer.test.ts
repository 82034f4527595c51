import { describe, expect, onTestFinished, test } from "vitest";
import { sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import type { EncodedBlock } from "../../../src/types/index.ts";
import { sleep } from "../../../src/util/clock.ts";
import { type BlockMaker, encoded, type Tip, testGenesis } from "../support/chain.ts";
import { FakeNetwork, failing } from "../support/network.ts";
import { type SyncNode, settledClock, syncNode, until } from "../support/sync-node.ts";

const genesis = await testGenesis(3, { blockReward: 0n });

async function setUp(...names: string[]) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const nodes: SyncNode[] = [];
  for (const name of names) nodes.push(await syncNode(net, name, genesis));
  onTestFinished(async () => {
    for (const node of nodes) await node.stop();
    expect(net.isRunaway).toBe(false);
    expect(clock.pending).toBe(0);
    expect(nodes.map(({ network }) => network.listeners)).toEqual(nodes.map(() => 0));
  });
  return { clock, net, nodes };
}

/** Makes a long chain at little cost: without transactions and rewards the state never changes. */
async function long(maker: BlockMaker, from: Tip, length: number, laterMs = 0): Promise<Tip> {
  return maker.extend(from, length, { laterMs });
}

/** An answer that never comes. */
async function* silence(): AsyncGenerator<never> {
  await new Promise(() => undefined);
}

const shared = new Map<string, Promise<Tip>>();
function chainOf(maker: BlockMaker, length: number): Promise<Tip> {
  const key = `${length}`;
  const made = shared.get(key) ?? long(maker, maker.start(), length);
  shared.set(key, made);
  return made;
}

test("a new node downloads a chain from several peers and is in step", async () => {
  const { clock, net, nodes } = await setUp("new", "a", "b", "c");
  const [node, ...others] = nodes as [SyncNode, ...SyncNode[]];
  const tip = await chainOf(node.maker, 700);
  for (const other of others) await other.addAll(tip);
  for (const one of nodes) one.start();
  net.delayMs = 10;
  for (const other of others) net.connect(node.network, other.network);
  await until(clock, () => node.chain.head.height === 700);
  await until(clock, () => node.steps.at(-1) === "inStep");
  expect(node.steps).toEqual(["behind", "inStep"]);
  const answerers = new Set(net.requests.filter(({ protocol }) => protocol === "blocks").map(({ to }) => to));
  expect(answerers).toEqual(new Set(["a", "b", "c"]));
  // Each block was requested once.
  expect(net.count("blocks")).toBeLessThan(700 / 32 + 4);
  expect(node.network.penalties).toEqual([]);
});

describe("a peer that", () => {
  async function withBadPeer(fault: (net: FakeNetwork, name: string) => void) {
    const { clock, net, nodes } = await setUp("new", "bad", "good");
    const [node, bad, good] = nodes as [SyncNode, SyncNode, SyncNode];
    const tip = await chainOf(node.maker, 300);
    await bad.addAll(tip);
    await good.addAll(tip);
    fault(net, "bad");
    for (const one of nodes) one.start();
    net.delayMs = 5;
    net.connect(node.network, bad.network);
    net.connect(node.network, good.network);
    await until(clock, () => node.chain.head.height === 300, 120_000);
    await until(clock, () => node.steps.at(-1) === "inStep");
    return { node, net, clock };
  }
  const onBlocks = (answer: () => AsyncIterable<unknown>) => (net: FakeNetwork, name: string) => {
    net.fault = (peer, protocol) => (peer === name && protocol === "blocks" ? { answer } : undefined);
  };

  test("a peer that stalls gets no more work", async () => {
    const { node } = await withBadPeer((net) => {
      net.fault = (peer, protocol) => (peer === "bad" && protocol === "blocks" ? { stall: true } : undefined);
    });
    expect(node.network.penalties.every(({ peer }) => peer === "bad")).toBe(true);
  });

  test("a very slow peer does not delay the download for long", async () => {
    let startedAt = 0;
    const { clock } = await withBadPeer((net) => {
      startedAt = net.clock.now();
      net.fault = (peer, protocol) => {
        if (peer !== "bad" || protocol !== "blocks") return undefined;
        return {
          async *answer(_request, honest) {
            for await (const block of honest()) {
              // Each of 32 answers comes just in time for the protocol.
              await sleep(net.clock, 14_000);
              yield block;
            }
          },
        };
      };
    });
    expect(clock.now() - startedAt).toBeLessThan(10_000);
    // The late answer is no longer awaited.
    await clock.advance(14_000);
  });

  test("a peer that answers nothing or fails gets no more work", async () => {
    await withBadPeer(onBlocks(async function* () {}));
    await withBadPeer(onBlocks(failing("serverError", "out of order")));
  });

  test("a peer that answers with blocks of another chain gets no more work", async () => {
    const other = await syncNode(new FakeNetwork(settledClock()), "x", genesis);
    const tip = await other.maker.extend(other.maker.start(), 40, { laterMs: 3 });
    const { node } = await withBadPeer(
      onBlocks(async function* () {
        yield* tip.blocks.slice(0, 32).map(encoded);
      }),
    );
    other.mempool.stop();
    expect(node.network.penalties).toEqual([]);
  });

  test("a peer that answers with other transactions loses score", async () => {
    const { node } = await withBadPeer((net) => {
      net.fault = (peer, protocol) => {
        if (peer !== "bad" || protocol !== "blocks") return undefined;
        return {
          async *answer(_request, honest) {
            for await (const { header } of honest() as AsyncIterable<EncodedBlock>)
              yield encoded({ header, transactions: [await node0.transfer({})] });
          },
        };
      };
    });
    expect(node.network.penalties.map(({ peer, offence }) => [peer, offence])).toEqual([
      ["bad", "invalidResponse"],
    ]);
  });

  test("a peer that sends more blocks than requested gets no more work", async () => {
    const { net: seen } = await withBadPeer((net) => {
      net.fault = (peer, protocol) => {
        if (peer !== "bad" || protocol !== "blocks") return undefined;
        return {
          async *answer(request: { start: number; count: number }, honest) {
            yield* honest();
            for (let at = 0; at < 5; at++)
              yield encoded(chain300.blocks[request.start + request.count - 1 + at] ?? chain300.blocks[0]!);
          },
        };
      };
    });
    const asked = seen.requests.filter(({ protocol, to }) => protocol === "blocks" && to === "bad");
    expect(asked).toHaveLength(1);
  });

  test("a peer that claims more than it has does not keep the node from an honest peer, even together with another", async () => {
    const { clock, net, nodes } = await setUp("node", "liar", "other", "honest");
    const [node, liar, other, honest] = nodes as [SyncNode, SyncNode, SyncNode, SyncNode];
    await honest.addAll(await chainOf(node.maker, 300));
    net.fault = (peer, protocol) => {
      if (peer === "honest") return undefined;
      if (protocol === "height") {
        return {
          async *answer() {
            yield {
              ...liar.status(),
              height: 1_000,
              headId: new Uint8Array(32).fill(9),
              totalDifficulty: 2_000,
            };
          },
        };
      }
      // The claims last longer than any doubt about a peer.
      return {
        async *answer(_request, own) {
          await sleep(net.clock, 31_000);
          yield* own();
        },
      };
    };
    for (const one of nodes) one.start();
    for (const peer of [liar, other, honest]) net.connect(node.network, peer.network);
    await until(clock, () => node.chain.head.height === 300, 180_000);
    // Answers under way still arrive.
    net.fault = () => undefined;
    await clock.advance(40_000);
  });

  test("a peer that claims more than it has does not delay the node for long", async () => {
    const { clock, net, nodes } = await setUp("node", "liar");
    const [node, liar] = nodes as [SyncNode, SyncNode];
    const tip = await chainOf(node.maker, 30);
    await node.addAll(tip);
    await liar.addAll(tip);
    const claim = () => ({
      ...liar.status(),
      height: 2 ** 50,
      headId: new Uint8Array(32).fill(1),
      totalDifficulty: 2 ** 51,
    });
    net.fault = (peer, protocol) =>
      peer === "liar" && protocol === "height"
        ? {
            async *answer() {
              yield claim();
            },
          }
        : undefined;
    for (const one of nodes) one.start();
    net.connect(node.network, liar.network);
    await clock.advance(60_000);
    expect(node.steps).toEqual(["inStep"]);
    expect(net.count("headers")).toBeLessThan(30);
    // Headers of another height than requested would lead nowhere forever.
    net.fault = (peer, protocol) =>
      peer === "liar" && protocol !== "block-ids"
        ? {
            async *answer(_, real) {
              if (protocol === "height") yield claim();
              else if (protocol === "headers") yield tip.blocks.map(({ header }) => header);
              else yield* real();
            },
          }
        : undefined;
    await clock.advance(60_000);
    expect(node.network.penalties.map(({ offence }) => offence)).toContain("invalidBlock");
    expect(node.steps).toEqual(["inStep"]);
  });

  test("a peer that shows the headers of a majority and gives no bodies is asked for headers a few times only", async () => {
    const { clock, net, nodes } = await setUp("node", "withholder");
    const [node, withholder] = nodes as [SyncNode, SyncNode];
    const fork = await chainOf(node.maker, 30);
    await node.addAll(fork);
    await withholder.addAll(await long(node.maker, fork, 10));
    net.fault = (peer, protocol) =>
      peer === "withholder" && protocol.startsWith("blocks")
        ? { answer: failing("serverError", "no bodies") }
        : undefined;
    for (const one of nodes) one.start();
    net.connect(node.network, withholder.network);
    await clock.advance(30_000);
    const asked = net.requests.filter(({ protocol, to }) => protocol === "headers" && to === "withholder");
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.length).toBeLessThanOrEqual(6);
    expect(node.chain.head.height).toBe(30);
  });

  test("a peer that shows single headers of an authority and gives no bodies does not delay a node that falls behind", async () => {
    const liars = ["liar 1", "liar 2", "liar 3"];
    const { clock, net, nodes } = await setUp("node", "honest", ...liars);
    const [node, honest, ...others] = nodes as [SyncNode, SyncNode, ...SyncNode[]];
    const fork = await chainOf(node.maker, 30);
    await node.addAll(fork);
    for (const [index, liar] of others.entries())
      await liar.addAll(await node.maker.block(fork, { laterMs: 1 + index }));
    await honest.addAll(await long(node.maker, fork, 20));
    net.fault = (peer, protocol) =>
      peer.startsWith("liar") && protocol.startsWith("blocks") ? { answer: silence } : undefined;
    for (const one of nodes) one.start();
    // All of them have connected by themselves.
    for (const { network } of [honest, ...others]) node.network.callers.add(network.peerId);
    for (const liar of others) net.connect(node.network, liar.network);
    await clock.advance(90_000);
    // Then one of them is asked again for its block, which it has been asked for in vain before.
    const asked = net.count("blocks");
    await until(clock, () => net.count("blocks") > asked);
    const connectedMs = clock.now();
    net.connect(node.network, honest.network);
    await until(clock, () => node.chain.head.height === 50);
    expect(clock.now() - connectedMs).toBeLessThan(5_000);
  });

  test("a peer that reports invalid numbers loses score", async () => {
    const { clock, net, nodes } = await setUp("node", "liar");
    const [node, liar] = nodes as [SyncNode, SyncNode];
    net.fault = (_, protocol) =>
      protocol === "height"
        ? {
            async *answer() {
              yield { ...liar.status(), totalDifficulty: Number.POSITIVE_INFINITY };
            },
          }
        : undefined;
    for (const one of nodes) one.start();
    net.connect(node.network, liar.network);
    await clock.advance(4_000);
    expect(node.network.penalties.map(({ offence }) => offence)).toContain("invalidResponse");
    expect(node.statuses.all()).toEqual([]);
  });
});

test("a download that breaks off continues with the next peer from the same block before the node is ready", async () => {
  const { clock, net, nodes } = await setUp("new", "a", "b");
  const [node, a, b] = nodes as [SyncNode, SyncNode, SyncNode];
  const tip = await chainOf(node.maker, 700);
  await a.addAll(tip);
  await b.addAll(tip);
  for (const one of nodes) one.start();
  net.delayMs = 10;
  net.connect(node.network, a.network);
  await until(clock, () => node.chain.head.height > 100);
  const reached = node.chain.head.height;
  expect(reached).toBeLessThan(700);
  net.disconnect(node.network, a.network);
  net.connect(node.network, b.network);
  await until(clock, () => node.chain.head.height === 700);
  await until(clock, () => node.steps.at(-1) === "inStep");
  expect(node.steps).toEqual(["behind", "inStep"]);
  const again = net.requests.filter(({ protocol, to }) => protocol === "blocks" && to === "b");
  expect(Math.min(...again.map(({ request }) => (request as { start: number }).start))).toBeGreaterThan(
    reached - 64,
  );
});

test("the only peer is asked again if it fails, and the node is not ready before", async () => {
  const { clock, net, nodes } = await setUp("new", "a");
  const [node, a] = nodes as [SyncNode, SyncNode];
  await a.addAll(await chainOf(node.maker, 300));
  let failures = 3;
  net.fault = (_, protocol) =>
    protocol === "blocks" && failures-- > 0 ? { answer: failing("serverError", "busy") } : undefined;
  for (const one of nodes) one.start();
  net.connect(node.network, a.network);
  await until(clock, () => node.steps.length > 1);
  expect([node.chain.head.height, node.steps]).toEqual([300, ["behind", "inStep"]]);
});

test("a clock that is a little slow leaves the newest blocks for later", async () => {
  const { clock, net, nodes } = await setUp("new", "a");
  const [node, a] = nodes as [SyncNode, SyncNode];
  let tip = await chainOf(node.maker, 30);
  const ahead = clock.now() + 2_500 - tip.header.timestamp - 1000;
  tip = await node.maker.block(tip, { laterMs: ahead - 3_000 });
  for (let block = 0; block < 5; block++) tip = await node.maker.block(tip);
  await clock.advance(5_000);
  await a.addAll(tip);
  clock.setBack(5_000);
  for (const one of nodes) one.start();
  net.connect(node.network, a.network);
  await clock.advance(300);
  expect(node.chain.head.height).toBe(31);
  await clock.advance(4_000);
  expect(node.network.penalties).toEqual([]);
  await until(clock, () => node.chain.head.height === 36, 60_000);
  expect(node.steps.at(-1)).toBe("inStep");
});

test("two halves that were apart reach one head, even if their branches have the same weight", async () => {
  const { clock, net, nodes } = await setUp("a", "b");
  const [a, b] = nodes as [SyncNode, SyncNode];
  const fork = await chainOf(a.maker, 30);
  const left = await long(a.maker, fork, 150);
  const right = await long(a.maker, fork, 150, 1);
  await a.addAll(left);
  await b.addAll(right);
  expect(left.totalDifficulty).toBe(right.totalDifficulty);
  for (const one of nodes) one.start();
  net.connect(a.network, b.network);
  // The weights are equal, so the fork choice decides once one node has the other's blocks, which it gets with the next
  // block.
  const longer = await a.maker.block(right);
  await until(clock, () => b.chain.head.height === 180);
  await b.add(longer.blocks.at(-1)!);
  await until(clock, () => a.chain.head.idHex === longer.idHex);
  expect(a.network.penalties).toEqual([]);
});

test("an equal head one block apart is fetched and compared", async () => {
  const { clock, net, nodes } = await setUp("a", "b");
  const [a, b] = nodes as [SyncNode, SyncNode];
  const fork = await chainOf(a.maker, 30);
  const left = await a.maker.block(fork, { laterMs: 1 });
  const right = await a.maker.block(fork, { laterMs: 2 });
  await a.addAll(left);
  await b.addAll(right);
  for (const one of nodes) one.start();
  net.connect(a.network, b.network);
  const winner = left.idHex < right.idHex ? left : right;
  await until(clock, () => a.chain.head.idHex === winner.idHex && b.chain.head.idHex === winner.idHex);
  const asked = net.count("blocks-by-id");
  await clock.advance(30_000);
  expect(net.count("blocks-by-id")).toBe(asked);
});

test.each([2, 3])("a ready node that is %i blocks behind fetches them and stays ready", async (missing) => {
  const { clock, net, nodes } = await setUp("node", "ahead");
  const [node, ahead] = nodes as [SyncNode, SyncNode];
  const tip = await chainOf(node.maker, 30);
  for (const one of nodes) await one.addAll(tip);
  for (const one of nodes) one.start();
  net.connect(node.network, ahead.network);
  await until(clock, () => node.steps.at(-1) === "inStep");
  for (const { header } of (await long(node.maker, tip, missing)).blocks.slice(30))
    await ahead.add({ header, transactions: [] });
  await until(clock, () => node.chain.head.height === 30 + missing);
  await clock.advance(10_000);
  expect(node.steps).toEqual(["inStep"]);
});

test("only a bounded number of equal heads that one authority signs is stored, and honest peers are followed", async () => {
  const { clock, net, nodes } = await setUp("node", "evil", "honest");
  const [node, evil, honest] = nodes as [SyncNode, SyncNode, SyncNode];
  const { perProposer, neededFactor } = sideBlockLimits;
  const most = neededFactor * perProposer.blocks;
  const fork = await chainOf(node.maker, 30);
  const own = await node.maker.block(fork, { laterMs: 1 });
  for (const one of [node, honest]) await one.addAll(own);
  await evil.addAll(fork);
  for (let made = 2; made < 10; made++)
    await evil.chain.importBlocks([
      await evil.check((await node.maker.block(fork, { laterMs: made })).blocks.at(-1)!),
    ]);
  // The largest number of blocks that are stored has arrived before.
  for (let made = 0; made < most; made++) {
    const { blocks } = await node.maker.block(fork, { laterMs: 1_000 + made });
    await node.chain.importBlock(await node.check(blocks.at(-1)!), { needed: true });
  }
  const count = async () => {
    let stored = 0;
    for await (const _ of node.stores.blocks.sides()) stored++;
    return stored;
  };
  const before = await count();
  // The other one keeps its own head.
  net.fault = (peer, protocol) =>
    peer === "node" && protocol.startsWith("block") ? { answer: failing("serverError", "busy") } : undefined;
  for (const one of nodes) one.start();
  net.connect(node.network, evil.network);
  await clock.advance(30_000);
  expect(await count()).toBe(before);
  const asked = net.count("blocks");
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThan(12);
  net.connect(node.network, honest.network);
  const next = await node.maker.block(own);
  await honest.add(next.blocks.at(-1)!);
  await until(clock, () => node.chain.head.idHex === next.idHex);
  expect(node.network.penalties).toEqual([]);
});

test("a node that receives no status is ready after a while, and a lone node at once", async () => {
  const { clock, nodes } = await setUp("a", "b");
  const [a, b] = nodes as [SyncNode, SyncNode];
  a.start();
  b.start(true);
  await clock.advance(100);
  expect([a.steps, b.steps]).toEqual([[], ["inStep"]]);
  await clock.advance(3_000);
  expect(a.steps).toEqual(["inStep"]);
});

test("stop ends a download under way, and nothing continues after it", async () => {
  const { clock, net, nodes } = await setUp("new", "a");
  const [node, a] = nodes as [SyncNode, SyncNode];
  await a.addAll(await chainOf(node.maker, 300));
  for (const one of nodes) one.start();
  net.delayMs = 20;
  net.connect(node.network, a.network);
  await until(clock, () => node.chain.head.height > 10);
  await node.stop();
  const { height } = node.chain.head;
  await clock.advance(20_000);
  expect(node.chain.head.height).toBe(height);
});

const helper = await syncNode(new FakeNetwork(settledClock()), "helper", genesis);
helper.mempool.stop();
const node0 = helper.maker;
const chain300 = await chainOf(node0, 300);
