import { describe, expect, onTestFinished, test, vi } from "vitest";
import {
  type AnyProtocol,
  blockIds,
  blocks,
  blocksById,
  blockTransactions,
  genesis as genesisProtocol,
  headers,
  height,
  maxBlocksPerRequest,
  maxHeadersPerPage,
  maxIdsPerPage,
  maxMempoolIds,
  mempoolIds,
  type RequestOf,
  type ResponseOf,
  transactions,
} from "../../../protocols/index.ts";
import { ownStatus } from "../../../src/sync/claimed-status.ts";
import { findGenesis } from "../../../src/sync/genesis-finder.ts";
import { PeerStatuses } from "../../../src/sync/peer-statuses.ts";
import { requestOne } from "../../../src/sync/request-one.ts";
import { recordBytes, senderBytes, serveGenesis } from "../../../src/sync/serve.ts";
import { CompactBlock, Transactions, zero32 } from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { line } from "../../own-line.ts";
import { codeOf, testGenesis } from "../support/chain.ts";
import { FakeNetwork, type FakeNode } from "../support/network.ts";
import { type SyncNode, settledClock, syncNode, verifyHere } from "../support/sync-node.ts";

const genesis = await testGenesis();
const otherGenesis = await testGenesis(2);

async function setUp(...names: string[]) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const nodes: SyncNode[] = [];
  for (const name of names) nodes.push(await syncNode(net, name, genesis));
  onTestFinished(async () => {
    for (const node of nodes) await node.stop();
    expect(clock.pending).toBe(0);
  });
  return { clock, net, nodes: nodes as [SyncNode, SyncNode, ...SyncNode[]] };
}

describe("peer statuses", () => {
  test("one exchange informs both sides, and polling follows", async () => {
    const { clock, net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    b.statuses.start();
    net.fault = () => undefined;
    a.statuses.start();
    net.delayMs = 40;
    a.network.connected("b");
    b.network.connected("a");
    await clock.advance(200);
    expect(a.statuses.get("b")).toMatchObject({ roundTripMs: 80, status: { height: 0 } });
    expect(b.statuses.get("a")?.status.height).toBe(0);
    const tip = await a.maker.extend(a.maker.start(), 2);
    await a.addAll(tip);
    await clock.advance(5_200);
    expect(b.statuses.get("a")?.status).toMatchObject({ height: 2, headId: tip.id });
    net.disconnect(a.network, b.network);
    expect([a.statuses.all(), b.statuses.all()]).toEqual([[], []]);
  });

  test("nothing is kept of a thousand peers that connect, claim a status and leave", async () => {
    const { clock, net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    a.statuses.start();
    const peers = Array.from({ length: 1_000 }, (_, at) => net.node(`peer ${at}`));
    for (const peer of peers) {
      peer.serve(height, async function* () {
        yield b.status();
      });
      net.connect(a.network, peer);
    }
    await clock.advance(0);
    expect(a.statuses.all()).toHaveLength(1_000);
    for (const peer of peers) {
      void a.statuses.ask(peer.peerId);
      net.disconnect(a.network, peer);
    }
    await clock.advance(0);
    expect(a.statuses.all()).toEqual([]);
    expect(peers.filter(({ peerId }) => a.statuses.get(peerId))).toEqual([]);
  });

  test("the acknowledgement alone informs the answering side", async () => {
    const { clock, net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    b.statuses.start();
    net.connect(a.network, b.network);
    net.requests.length = 0;
    await a.statuses.ask("b");
    await clock.advance(1);
    expect(net.requests.filter(({ from }) => from === "b" && false)).toEqual([]);
    expect(b.statuses.get("a")?.status.headId).toEqual(genesis.id);
  });

  test("a node of another chain is disconnected, with one warning", async () => {
    const { clock, net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    const foreign = { ...b.status(), genesisId: otherGenesis.id };
    net.fault = (_, protocol) => ({
      async *answer() {
        if (protocol === "height") yield foreign;
      },
    });
    b.statuses.start();
    a.statuses.start();
    net.connect(a.network, b.network);
    await clock.advance(12_000);
    expect(a.statuses.all()).toEqual([]);
    expect(new Set(a.network.penalties.map(({ offence }) => offence))).toEqual(new Set(["wrongGenesis"]));
    expect(a.logs.filter((line) => line.startsWith("warn") && line.includes("another chain"))).toHaveLength(
      1,
    );
  });

  test("the exchange measures the offset of the peer's clock", async () => {
    const { clock, net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    b.statuses.start();
    a.statuses.start();
    net.fault = (peer) =>
      peer === "b"
        ? {
            async *answer() {
              yield { ...b.status(), timeMs: clock.now() + 7_000 };
            },
          }
        : undefined;
    net.delayMs = 10;
    net.connect(a.network, b.network);
    await clock.advance(300);
    expect(Math.abs(a.statuses.get("b")!.clockOffsetMs! - 7_000)).toBeLessThanOrEqual(20);
  });
});

describe("the outbox", () => {
  test("publishes submitted transactions in batches, but not gossiped ones", async () => {
    const { clock, nodes } = await setUp("a");
    const [a] = nodes;
    a.outbox.start();
    const all = await Promise.all(Array.from({ length: 600 }, (_, nonce) => a.maker.transfer({ nonce })));
    await a.mempool.add(a.mempool.records(all.slice(0, 1)), "gossip");
    await a.mempool.add(a.mempool.records(all.slice(1, 300)), "local");
    await a.mempool.add(a.mempool.records(all.slice(300)), "peer");
    expect(a.network.published).toEqual([]);
    await clock.advance(5);
    const sent = a.network.published.map(({ message }) => Transactions.deserialize(message));
    expect(sent.map(({ length }) => length)).toEqual([512, 87]);
    expect(sent.flat().map(({ message }) => message.nonce)).toEqual(
      Array.from({ length: 599 }, (_, at) => at + 1),
    );
  });

  test("spaces messages under load, and publishes a block's transactions before the block", async () => {
    const { clock, nodes } = await setUp("a");
    const [a] = nodes;
    a.outbox.start();
    let sent = 0;
    const add = async (count: number) => {
      for (let n = 0; n < count; n++) {
        await a.mempool.add(a.mempool.records([await a.maker.transfer({ nonce: sent++ })]), "local");
        await clock.advance(1);
      }
    };
    await add(30);
    expect(a.network.published).toHaveLength(1);
    await clock.advance(100);
    expect(a.network.published).toHaveLength(2);
    await add(1);
    await a.addAll(await a.maker.block(a.maker.start()));
    await a.outbox.publishBlock(await a.chain.reader.canonicalBlock(a.chain.head));
    expect(a.network.published.map(({ topic }) => topic)).toEqual([
      "transactions",
      "transactions",
      "transactions",
      "blocks",
    ]);
    await clock.advance(100);
    expect(a.network.published).toHaveLength(4);
    const lists = a.network.published.slice(0, 3).map(({ message }) => Transactions.deserialize(message));
    expect(lists.flat()).toHaveLength(31);
  });

  test("republishes a transaction as long as no block includes it", async () => {
    const { clock, nodes } = await setUp("a");
    const [a] = nodes;
    a.outbox.start();
    const mine = await a.maker.transfer({});
    await a.mempool.add(a.mempool.records([mine]), "local");
    await a.mempool.add(a.mempool.records([await a.maker.transfer({ from: 1 })]), "gossip");
    await clock.advance(95_000);
    expect(a.network.published).toHaveLength(4);
    await a.addAll(await a.maker.block(a.maker.start(), { transactions: [mine] }));
    await clock.advance(95_000);
    expect(a.network.published).toHaveLength(4);
  });

  test("announces a block by its header and short ids, and nothing after stop", async () => {
    const { clock, nodes } = await setUp("a");
    const [a] = nodes;
    a.outbox.start();
    const mine = await a.maker.transfer({});
    const tip = await a.maker.block(a.maker.start(), { transactions: [mine] });
    await a.addAll(tip);
    await a.outbox.publishBlock(await a.chain.reader.canonicalBlock(a.chain.head));
    const sent = CompactBlock.deserialize(a.network.published[0]!.message);
    expect([sent.header, sent.shortIds.length]).toEqual([tip.blocks[0]!.header, 1]);
    await a.mempool.add(a.mempool.records([await a.maker.transfer({ nonce: 1 })]), "local");
    a.outbox.stop();
    await clock.advance(60_000);
    expect(a.network.published).toHaveLength(1);
  });
});

describe("the server", () => {
  test("serves pages of ids, also above the head, up to the limit", async () => {
    const { net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    net.connect(a.network, b.network);
    const tip = await b.maker.extend(b.maker.start(), 5);
    await b.addAll(tip);
    const page = await requestOne(a.network, "b", blockIds, { height: 99, count: 3 });
    expect([page.height, page.ids.length, toHex(page.ids[0]!)]).toEqual([5, 3, tip.idHex]);
    const all = await requestOne(a.network, "b", blockIds, { height: 4, count: 100 });
    expect([all.height, all.ids.length, toHex(all.ids.at(-1)!)]).toEqual([4, 5, genesis.idHex]);
    expect(await requestOne(a.network, "b", headers, { start: 6, count: 9 })).toEqual([]);
    expect(
      (await requestOne(a.network, "b", headers, { start: 4, count: 9 })).map(
        ({ message }) => message.height,
      ),
    ).toEqual([4, 5]);
  });

  test("refuses counts out of their range, and the genesis block among blocks", async () => {
    const { net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    net.connect(a.network, b.network);
    const end = async (chunks: AsyncIterable<unknown>) => {
      for await (const _ of chunks);
    };
    for (const count of [0, maxIdsPerPage + 1])
      expect(await codeOf(end(a.network.request("b", blockIds, { height: 1, count })))).toBe(
        "invalidRequest",
      );
    for (const count of [0, maxHeadersPerPage + 1])
      expect(await codeOf(end(a.network.request("b", headers, { start: 1, count })))).toBe("invalidRequest");
    for (const [start, count] of [
      [1, 0],
      [1, maxBlocksPerRequest + 1],
      [0, 1],
    ] as const)
      expect(await codeOf(end(a.network.request("b", blocks, { start, count })))).toBe("invalidRequest");
    for (const limit of [0, maxMempoolIds + 1])
      expect(await codeOf(end(a.network.request("b", mempoolIds, { limit })))).toBe("invalidRequest");
  });

  test("serves the transactions of a block, each once", async () => {
    const { net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    net.connect(a.network, b.network);
    const transactions = await Promise.all([0, 1, 2].map((nonce) => b.maker.transfer({ nonce })));
    const tip = await b.maker.block(b.maker.start(), { transactions });
    await b.addAll(tip);
    const ask = (block: Uint8Array, indexes: number[]) =>
      requestOne(a.network, "b", blockTransactions, { block, indexes });
    const answer = Transactions.deserialize(await ask(tip.id, [2, 0]));
    expect(answer.map(({ message }) => message.nonce)).toEqual([2, 0]);
    expect(await codeOf(ask(tip.id, [1, 1]))).toBe("invalidRequest");
    expect(await codeOf(ask(tip.id, [3]))).toBe("resourceUnavailable");
    expect(await codeOf(ask(zero32, [0]))).toBe("resourceUnavailable");
    expect(await codeOf(ask(genesis.id, [0]))).toBe("resourceUnavailable");
  });

  test("answers a request for nothing with nothing, and sends a pooled transaction as often as it is asked for", async () => {
    const { net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    net.connect(a.network, b.network);
    const tip = await b.maker.block(b.maker.start(), { transactions: [await b.maker.transfer({})] });
    await b.addAll(tip);
    const records = b.mempool.records([await b.maker.transfer({ nonce: 1 })]);
    await b.mempool.add(records, "gossip");
    const found: unknown[] = [];
    for await (const block of a.network.request("b", blocksById, { ids: [] })) found.push(block);
    expect(found).toEqual([]);
    expect(await requestOne(a.network, "b", transactions, { ids: [] })).toEqual([]);
    const none = await requestOne(a.network, "b", blockTransactions, { block: tip.id, indexes: [] });
    expect(Transactions.deserialize(none)).toEqual([]);
    const twice = { ids: [records[0]!.id, records[0]!.id] };
    expect(await requestOne(a.network, "b", transactions, twice)).toHaveLength(2);
    expect([...a.network.penalties, ...b.network.penalties]).toEqual([]);
  });

  test("counts an acknowledgement that contradicts itself as an invalid answer", async () => {
    const { net, nodes } = await setUp("a", "b");
    const [a, b] = nodes;
    b.statuses.start();
    net.connect(a.network, b.network);
    const ack = (status: ResponseOf<typeof height>) => ({ ...status, finalizedHeight: status.height + 1 });
    await requestOne(a.network, "b", height, { timeMs: 0 }, { ack });
    expect(b.network.penalties).toMatchObject([{ peer: "a", offence: "invalidResponse" }]);
  });

  test("gives no genesis block while the node has none", async () => {
    const net = new FakeNetwork(settledClock());
    const [a, b] = [net.node("a"), net.node("b")];
    net.connect(a, b);
    serveGenesis(
      b,
      () => undefined,
      async () => undefined,
    );
    expect(await codeOf(requestOne(a, "b", genesisProtocol, { id: zero32 }))).toBe("resourceUnavailable");
  });
});

test("charges every answer from the disk by its size before it is read", async () => {
  const { net, nodes } = await setUp("a", "b");
  const [a, b] = nodes;
  net.connect(a.network, b.network);
  const transactions = await Promise.all([0, 1, 2].map((nonce) => b.maker.transfer({ nonce })));
  const tip = await b.maker.extend(await b.maker.block(b.maker.start(), { transactions }), 2);
  await b.addAll(tip);
  const [id] = await b.chain.reader.idsUp(1, 1);
  const { bodyBytes } = (await b.chain.tree.get(id!))!;
  const reads = vi.spyOn(b.chain.reader, "body");
  onTestFinished(() => reads.mockRestore());
  const ask = async <P extends AnyProtocol>(protocol: P, request: RequestOf<P>) => {
    net.reads.length = 0;
    const code = await codeOf(requestOne(a.network, "b", protocol, request));
    return { code, costs: net.reads.map(({ bytes }) => bytes) };
  };
  const askAll = async () => [
    await ask(blocks, { start: 1, count: 1 }),
    await ask(blocksById, { ids: [id!] }),
    await ask(blockTransactions, { block: id!, indexes: [0] }),
    await ask(headers, { start: 1, count: 3 }),
    await ask(blockIds, { height: 3, count: 3 }),
  ];
  const whole = recordBytes + bodyBytes;
  const costs = [[whole], [whole], [whole], [3 * recordBytes], [recordBytes]];
  expect((await askAll()).map((each) => each.costs)).toEqual(costs);
  expect(reads).toHaveBeenCalledTimes(3);
  net.mayRead = false;
  expect(await askAll()).toEqual(costs.map((each) => ({ code: "rateLimited", costs: each })));
  expect(reads).toHaveBeenCalledTimes(3);
});

test("a block that is requested by its id many times is read and sent once", async () => {
  const { net, nodes } = await setUp("a", "b");
  const [a, b] = nodes;
  net.connect(a.network, b.network);
  const tip = await b.maker.extend(b.maker.start(), 2);
  await b.addAll(tip);
  const [first, second] = await b.chain.reader.idsUp(1, 2);
  const reads = vi.spyOn(b.chain.reader, "body");
  onTestFinished(() => reads.mockRestore());
  const heights: number[] = [];
  const ids = [...Array.from({ length: 14 }, () => second!), first!, second!];
  for await (const { header } of a.network.request("b", blocksById, { ids }))
    heights.push(header.message.height);
  expect(heights).toEqual([2, 1]);
  expect(reads).toHaveBeenCalledTimes(2);
});

test("the ids of a pool are charged by the number of its senders before they are looked for", async () => {
  const { net, nodes } = await setUp("a", "b");
  const [a, b] = nodes;
  net.connect(a.network, b.network);
  const waiting = await Promise.all([b.maker.transfer({ nonce: 0 }), b.maker.transfer({ nonce: 1 })]);
  await b.mempool.add(b.mempool.records([...waiting, await b.maker.transfer({ from: 1 })]), "local");
  const looks = vi.spyOn(b.mempool, "executableEntries");
  const ask = () => codeOf(requestOne(a.network, "b", mempoolIds, { limit: 10 }));
  net.reads.length = 0;
  await ask();
  expect(net.reads.map(({ bytes }) => bytes)).toEqual([2 * senderBytes]);
  expect(looks).toHaveBeenCalledTimes(1);
  net.mayRead = false;
  expect(await ask()).toBe("rateLimited");
  expect(looks).toHaveBeenCalledTimes(1);
});

test("charges a genesis block by its size once that is known", async () => {
  const net = new FakeNetwork(settledClock());
  const [a, b] = [net.node("a"), net.node("b")];
  net.connect(a, b);
  let loads = 0;
  serveGenesis(
    b,
    () => genesis,
    async () => {
      loads++;
      return genesis.block;
    },
  );
  const ask = (id: Uint8Array) => codeOf(requestOne(a, "b", genesisProtocol, { id }));
  await ask(zero32);
  await ask(genesis.id);
  const size = genesisProtocol.response.serialize(genesis.block).length;
  expect(net.reads.map(({ bytes }) => bytes)).toEqual([recordBytes, size]);
  net.mayRead = false;
  expect([await ask(zero32), await ask(otherGenesis.id), loads]).toEqual([
    "rateLimited",
    "resourceUnavailable",
    2,
  ]);
});

describe("the search for a genesis", () => {
  function searcher() {
    const clock = settledClock();
    const net = new FakeNetwork(clock);
    const network = net.node("new");
    const stop = new AbortController();
    const statuses = new PeerStatuses({
      network,
      clock,
      logger: silentLogger,
      recoveries: () => line.recoveries,
      status: () => ownStatus(undefined, undefined, clock.now(), line),
    });
    statuses.start();
    onTestFinished(() => {
      stop.abort();
      statuses.stop();
      expect(network.listeners).toBe(0);
    });
    const offer = (name: string, own: typeof genesis): FakeNode => {
      const node = net.node(name);
      const theirs = new PeerStatuses({
        network: node,
        clock,
        logger: silentLogger,
        recoveries: () => line.recoveries,
        status: () => ownStatus(own.id, undefined, clock.now(), line),
      });
      theirs.start();
      onTestFinished(() => theirs.stop());
      serveGenesis(
        node,
        () => own,
        async () => own.block,
      );
      return node;
    };
    const verify = vi.fn(verifyHere);
    const find = (pin?: string) => {
      const found = findGenesis({
        network,
        statuses,
        verify,
        clock,
        logger: silentLogger,
        pin,
        signal: stop.signal,
      });
      const result: { id?: string | undefined; code?: string } = {};
      found.then(
        (one) => (result.id = one?.idHex ?? "none"),
        (error) => (result.code = error.code),
      );
      return result;
    };
    return { clock, net, network, stop, offer, find, verify };
  }

  test("accepts the only offer after waiting a moment for others", async () => {
    const { clock, net, network, offer, find } = searcher();
    const result = find();
    net.connect(network, offer("a", genesis));
    await clock.advance(1_000);
    expect(result).toEqual({});
    await clock.advance(1_500);
    expect(result).toEqual({ id: genesis.idHex });
  });

  test("fails with both ids if two differ, unless one is pinned", async () => {
    const one = searcher();
    const result = one.find();
    one.net.connect(one.network, one.offer("a", genesis));
    one.net.connect(one.network, one.offer("b", otherGenesis));
    await one.clock.advance(3_000);
    expect(result).toEqual({ code: "AMBIGUOUS_GENESIS" });
    const two = searcher();
    const pinned = two.find(otherGenesis.idHex);
    two.net.connect(two.network, two.offer("a", genesis));
    await two.clock.advance(10_000);
    expect(pinned).toEqual({});
    two.net.connect(two.network, two.offer("b", otherGenesis));
    await two.clock.advance(100);
    expect(pinned).toEqual({ id: otherGenesis.idHex });
  });

  test("ignores an offer whose peer has gone", async () => {
    const { clock, net, network, offer, find } = searcher();
    const result = find();
    const a = offer("a", genesis);
    net.connect(network, a);
    net.connect(network, offer("b", otherGenesis));
    await clock.advance(1_000);
    net.disconnect(network, a);
    await clock.advance(2_000);
    expect(result).toEqual({ id: otherGenesis.idHex });
  });

  test("penalizes a peer for an invalid or different genesis block, and accepts the next peer's", async () => {
    for (const [bad, isVerified] of [
      [{ ...genesis.block, header: { ...genesis.block.header, signature: new Uint8Array(64) } }, true],
      [otherGenesis.block, false],
    ] as const) {
      const { clock, net, network, offer, find, verify } = searcher();
      net.fault = (peer, protocol) =>
        peer === "liar" && protocol === genesisProtocol.id.split("/")[2]
          ? {
              async *answer() {
                yield bad;
              },
            }
          : undefined;
      const result = find();
      net.connect(network, offer("liar", genesis));
      await clock.advance(2_100);
      expect(result).toEqual({});
      expect(new Set(network.penalties.map(({ peer, offence }) => `${peer} ${offence}`))).toEqual(
        new Set(["liar invalidResponse"]),
      );
      // The balances of another genesis block are not looked at.
      expect(verify.mock.calls.length > 0).toBe(isVerified);
      net.connect(network, offer("honest", genesis));
      await clock.advance(10_000);
      expect(result).toEqual({ id: genesis.idHex });
    }
  });

  test("ignores ids whose block is not delivered, and accepts a delivered one", async () => {
    const { clock, net, network, offer, find } = searcher();
    net.fault = (peer, protocol) =>
      peer.startsWith("liar") && protocol === "genesis" ? { stall: true } : undefined;
    const result = find();
    for (let liar = 0; liar < 10; liar++) net.connect(network, offer(`liar${liar}`, otherGenesis));
    net.connect(network, offer("honest", genesis));
    await clock.advance(2_900);
    expect(
      new Set(net.requests.filter(({ protocol }) => protocol === "genesis").map(({ to }) => to)).size,
    ).toBe(3);
    await clock.advance(17_100);
    expect(result).toEqual({ id: genesis.idHex });
  });

  test("stops at any point when its signal is aborted", async () => {
    for (const afterMs of [0, 500, 2_050]) {
      const { clock, net, network, stop, offer, find } = searcher();
      net.fault = (_, protocol) => (protocol === "genesis" ? { stall: true } : undefined);
      const result = find();
      net.connect(network, offer("a", genesis));
      await clock.advance(afterMs);
      stop.abort();
      await clock.advance(1);
      expect(result).toEqual({ id: "none" });
    }
  });
});
