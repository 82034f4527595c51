import { describe, expect, onTestFinished, test, vi } from "vitest";
import { blocksById, maxTransactionsById } from "../../../protocols/index.ts";
import type { Signer } from "../../../src/accounts/signer.ts";
import { sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { blocksAtOnce } from "../../../src/sync/block-sources.ts";
import { maxHoldMs } from "../../../src/sync/header-hold.ts";
import { maxJudged } from "../../../src/sync/header-judge.ts";
import {
  checkedFirst,
  TransactionInbox,
  transactionQueueLimits,
} from "../../../src/sync/transaction-inbox.ts";
import { blockVerdicts, transactionVerdicts } from "../../../src/sync/verdicts.ts";
import { CompactBlock, maxAmount, type Transaction, Transactions } from "../../../src/types/index.ts";
import { concatBytes, toHex, uint64Bytes } from "../../../src/util/bytes.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { authorities, encoded, signer, startBalance, type Tip, testGenesis } from "../support/chain.ts";
import { FakeNetwork } from "../support/network.ts";
import { compact, type SyncNode, settledClock, syncNode, until, verifyHere } from "../support/sync-node.ts";

const genesis = await testGenesis(3, { maxBlockTransactions: 50 });

/** Makes a node and the peer from which it hears of blocks; the peer has `tip`. */
async function pair(...more: string[]) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const nodes: SyncNode[] = [];
  for (const name of ["node", "peer", ...more]) nodes.push(await syncNode(net, name, genesis));
  const [node, peer] = nodes as [SyncNode, SyncNode];
  for (const other of nodes.slice(1)) net.connect(node.network, other.network);
  onTestFinished(async () => {
    for (const one of nodes) await one.stop();
    expect(clock.pending).toBe(0);
  });
  const gossip = (message: Uint8Array, from = "peer") => node.inbox.onGossip(message, from);
  return { clock, net, node, peer, nodes, gossip, maker: node.maker };
}

/** Makes a node that counts the checks of each signature. Checks of several signatures wait for `mayCheck`. */
async function countingNode(net: FakeNetwork, peer: SyncNode, mayCheck?: Promise<void>) {
  const counts = new Map<string, number>();
  const node = await syncNode(net, "counting", genesis, {
    async verify(sets) {
      for (const set of sets) {
        const signature = toHex("message" in set ? set.signature : set.address);
        counts.set(signature, (counts.get(signature) ?? 0) + 1);
      }
      if (sets.length > 1) await mayCheck;
      return verifyHere(sets);
    },
  });
  onTestFinished(() => node.stop());
  net.connect(node.network, peer.network);
  const checked = (transactions: readonly Transaction[]) =>
    transactions.map(({ signature }) => counts.get(toHex(signature)) ?? 0);
  return { node, checked };
}

async function withTransfers(tip: Tip, maker: SyncNode["maker"], count: number): Promise<Tip> {
  const transactions = await Promise.all(
    Array.from({ length: count }, (_, nonce) => maker.transfer({ nonce })),
  );
  return maker.block(tip, { transactions });
}

describe("a compact block", () => {
  test("completes a compact block from the pool alone if the pool has all transactions", async () => {
    const { node, peer, net, gossip, maker, clock } = await pair();
    const tip = await withTransfers(maker.start(), maker, 3);
    await peer.addAll(tip);
    await node.mempool.add(node.mempool.records(tip.blocks[0]!.transactions), "gossip");
    expect(await gossip(compact(tip, maker))).toBe("accept");
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(net.requests).toEqual([]);
    expect(await gossip(compact(tip, maker))).toBe("ignore");
  });

  test("completes a compact block with transactions whose signatures are still being checked, without a request", async () => {
    const { peer, net, maker, clock } = await pair();
    const checking = Promise.withResolvers<void>();
    const { node, checked } = await countingNode(net, peer, checking.promise);
    const tip = await withTransfers(maker.start(), maker, 3);
    await peer.addAll(tip);
    const { transactions } = tip.blocks[0]!;
    const message = node.transactions.onGossip(Transactions.serialize(transactions), "peer");
    expect(await node.inbox.onGossip(compact(tip, maker), "peer")).toBe("accept");
    await clock.advance(1_000);
    expect(node.chain.head.height).toBe(0);
    expect(node.inbox.coming()).toEqual([toHex(tip.header.proposer)]);
    checking.resolve();
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(node.inbox.coming()).toEqual([]);
    // The later message finds the transactions in the block and does not check their signatures again.
    await message;
    expect(node.mempool.count).toBe(0);
    expect(net.requests).toEqual([]);
    // They are checked for the block, ahead of the many that may wait with the message.
    expect(checked(transactions)).toEqual(transactions.map(() => 2));
  });

  test("completes a compact block with its sibling's transactions without a request or a signature check", async () => {
    const { peer, net, maker, clock } = await pair();
    const { node, checked } = await countingNode(net, peer);
    const tip = await withTransfers(maker.start(), maker, 3);
    const { transactions } = tip.blocks[0]!;
    const imported: string[] = [];
    node.chain.events.on("imported", ({ idHex }) => imported.push(idHex));
    const rival = await maker.block(maker.start(), { by: authorities[2]!, transactions });
    await peer.addAll(rival);
    await node.transactions.onGossip(Transactions.serialize(transactions), "peer");
    for (const each of [tip, rival]) {
      expect(await node.inbox.onGossip(compact(each, maker), "peer")).toBe("accept");
      await until(clock, () => imported.includes(each.idHex));
    }
    expect(net.requests).toEqual([]);
    expect(checked(transactions)).toEqual(transactions.map(() => 1));
  });

  test("completes a compact block with a request for only the missing transactions", async () => {
    const { node, peer, net, gossip, maker, clock } = await pair();
    const tip = await withTransfers(maker.start(), maker, 4);
    await peer.addAll(tip);
    await node.mempool.add(node.mempool.records(tip.blocks[0]!.transactions.slice(0, 2)), "gossip");
    await gossip(compact(tip, maker));
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(
      net.requests.map(({ protocol, request }) => [protocol, (request as { indexes: number[] }).indexes]),
    ).toEqual([["block-transactions", [2, 3]]]);
  });

  test("requests a block from another peer that announced it if the first does not deliver", async () => {
    const { node, nodes, net, gossip, maker, clock } = await pair("second");
    const tip = await withTransfers(maker.start(), maker, 3);
    await nodes[2]!.addAll(tip);
    net.delayMs = 10;
    expect(await gossip(compact(tip, maker))).toBe("accept");
    expect(await gossip(compact(tip, maker), "second")).toBe("ignore");
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(net.requests.map(({ to, protocol }) => [to, protocol])).toContainEqual(["second", "blocks-by-id"]);
    expect(node.network.penalties).toEqual([]);
  });

  test("soon requests a block from another peer if the first never answers, which loses score in the end", async () => {
    const { node, nodes, net, gossip, maker, clock } = await pair("second");
    const tip = await withTransfers(maker.start(), maker, 3);
    await nodes[2]!.addAll(tip);
    net.fault = (peer) => ({ stall: peer === "peer" });
    expect(await gossip(compact(tip, maker))).toBe("accept");
    expect(await gossip(compact(tip, maker), "second")).toBe("ignore");
    await clock.advance(200);
    expect(net.requests.map(({ to }) => to)).toEqual(["peer"]);
    await clock.advance(100);
    expect(node.chain.head.idHex).toBe(tip.idHex);
    await clock.advance(blocksById.timeoutMs);
    expect(node.network.penalties).toMatchObject([{ peer: "peer", offence: "timeout" }]);
  });

  test("fetches a block once when slow peers still answer in time", async () => {
    const { node, peer, nodes, net, gossip, maker, clock } = await pair("second");
    const tip = await withTransfers(maker.start(), maker, 3);
    for (const other of [peer, nodes[2]!]) await other.addAll(tip);
    net.delayMs = 100;
    for (const from of ["peer", "second"]) await gossip(compact(tip, maker), from);
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    await clock.advance(10_000);
    expect(net.requests).toHaveLength(1);
  });

  test("does not fetch a block again while it is being imported", async () => {
    const { node, peer, net, gossip, maker, clock } = await pair();
    const tip = await withTransfers(maker.start(), maker, 3);
    await peer.addAll(tip);
    await node.mempool.add(node.mempool.records(tip.blocks[0]!.transactions), "gossip");
    const importing = Promise.withResolvers<void>();
    const importBlock = node.chain.importBlock.bind(node.chain);
    node.chain.importBlock = async (block) => {
      await importing.promise;
      return importBlock(block);
    };
    await gossip(compact(tip, maker));
    await clock.advance(100);
    const fetched = node.inbox.fetch(tip.id, peer.network.peerId);
    await clock.advance(100);
    importing.resolve();
    await fetched;
    expect(node.chain.head.idHex).toBe(tip.idHex);
    expect(net.requests).toEqual([]);
  });

  test.each([
    {
      has: "all of its transactions: it is imported before its maker has written it",
      known: 3,
      requests: [],
    },
    {
      has: "not all of them: its maker gives the others while it is writing it",
      known: 1,
      requests: ["block-transactions"],
    },
  ])(
    "a block is announced when it is sealed, and completed by a node that has $has",
    async ({ known, requests }) => {
      const { node, peer, net, gossip, maker, clock } = await pair();
      const tip = await withTransfers(maker.start(), maker, 3);
      const records = peer.mempool.records(tip.blocks[0]!.transactions);
      await peer.mempool.add(records, "gossip");
      await node.mempool.add(records.slice(0, known), "gossip");
      const written = Promise.withResolvers<void>();
      peer.database.beforeCommit = () => written.promise;
      const sealed = Promise.withResolvers<CanonicalBlock>();
      peer.chain.events.on("sealed", sealed.resolve);
      const { message } = tip.blocks[0]!.header;
      const made = peer.chain.produce({
        signer: authorities[1]!,
        parentId: genesis.id,
        timestampMs: message.timestamp,
        difficulty: message.difficulty,
        allowEmpty: false,
        select: () => peer.mempool.executable(),
      });
      const block = (await Promise.race([sealed.promise, made]))!;
      const shortIds = block.records.map(({ id }) => id.slice(0, 8));
      expect(await gossip(CompactBlock.serialize({ header: block.header, shortIds }))).toBe("accept");
      // The fetch comes from a vote by a faster node.
      const fetched = peer.inbox.fetch(block.id, node.network.peerId);
      await clock.advance(100);
      expect(peer.chain.head.height).toBe(0);
      expect(node.chain.head.height).toBe(1);
      written.resolve();
      expect(node.chain.head.idHex).toBe(block.idHex);
      expect((await made)!.idHex).toBe(peer.chain.head.idHex);
      await fetched;
      expect(net.requests.map(({ protocol }) => protocol)).toEqual(requests);
      expect(node.network.penalties).toEqual([]);
    },
  );

  test("completes a compact block with transactions that arrive a moment later, without a request", async () => {
    const { node, peer, net, gossip, maker, clock } = await pair();
    const tip = await withTransfers(maker.start(), maker, 4);
    const records = node.mempool.records(tip.blocks[0]!.transactions);
    await peer.addAll(tip);
    await node.mempool.add(records.slice(0, 1), "gossip");
    await gossip(compact(tip, maker));
    await clock.advance(5);
    await node.mempool.add(records.slice(1, 3), "gossip");
    await clock.advance(5);
    expect(node.chain.head.height).toBe(0);
    await node.mempool.add(records.slice(3), "gossip");
    await clock.advance(0);
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(net.requests).toEqual([]);
  });

  test.each([
    ["another transaction's short id", (ids: Uint8Array[]) => [ids[1]!, ids[0]!, ids[2]!]],
    ["one short id less", (ids: Uint8Array[]) => ids.slice(1)],
    ["more short ids than the block has", (ids: Uint8Array[]) => [...ids, new Uint8Array(8)]],
    ["short ids that nobody has", (ids: Uint8Array[]) => ids.map(() => new Uint8Array(8))],
  ])("fetches a compact block with %s whole, and blames no peer", async (_, edit) => {
    const { node, peer, gossip, maker, clock } = await pair();
    for (const one of [node, peer]) one.start();
    const tip = await withTransfers(maker.start(), maker, 3);
    await peer.addAll(tip);
    await node.mempool.add(node.mempool.records(tip.blocks[0]!.transactions), "gossip");
    expect(await gossip(compact(tip, maker, edit))).toBe("accept");
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect([...node.network.penalties, ...peer.network.penalties]).toEqual([]);
  });

  test("rejects a compact block that does not decode, or has more transactions than the chain allows", async () => {
    const { gossip, maker, node } = await pair();
    const whole = compact(await maker.block(maker.start()), maker, () => [new Uint8Array(8)]);
    for (const garbage of [new Uint8Array(), new Uint8Array(500).fill(255), whole.subarray(0, -1)])
      expect(await gossip(garbage)).toBe("reject");
    const tip = await maker.block(maker.start());
    expect(await gossip(compact(tip, maker, () => Array.from({ length: 51 }, () => new Uint8Array(8))))).toBe(
      "reject",
    );
    expect(node.chain.head.height).toBe(0);
  });

  test.each([
    ["a bad signature", "reject", { signedBy: signer(5000) }],
    ["a stranger", "reject", { by: signer(5000) }],
    ["a wrong difficulty", "reject", { edit: { difficulty: 1 } }],
    ["too early a time", "reject", { laterMs: -1 }],
    ["a height that does not follow", "reject", { edit: { height: 2 } }],
    ["a time to come", "ignore", { laterMs: 1e12 }],
  ] as const)("a compact block with %s: %s", async (_, verdict, options) => {
    const { gossip, maker, node } = await pair();
    const tip = await maker.block(maker.start(), options);
    expect(await gossip(compact(tip, maker))).toBe(verdict);
    expect(node.chain.head.height).toBe(0);
  });

  test("forwards a block with a valid header and a wrong state, but does not import it or blame its relay", async () => {
    const { gossip, maker, node, clock } = await pair();
    const bad = await maker.block(maker.start(), { edit: { stateRoot: new Uint8Array(32) } });
    expect(await gossip(compact(bad, maker))).toBe("accept");
    await until(clock, () => node.logs.some((line) => line.includes("block refused")));
    expect(await gossip(compact(bad, maker))).toBe("ignore");
    const child = await maker.block(bad);
    expect(await gossip(compact(child, maker))).toBe("ignore");
    expect(node.network.penalties).toEqual([]);
  });

  test("reports a block that is already in the chain to the equivocation watch when it arrives by gossip", async () => {
    const { gossip, maker, node } = await pair();
    const tip = await maker.block(maker.start());
    await node.addAll(tip);
    expect(node.signed).toEqual([]);
    expect(await gossip(compact(tip, maker))).toBe("ignore");
    expect(node.signed.map(({ signature }) => signature)).toEqual([tip.blocks[0]!.header.signature]);
  });

  test("reports a block that was fetched and refused to the equivocation watch", async () => {
    const { maker, node, peer, net } = await pair();
    const bad = await maker.block(maker.start(), { edit: { stateRoot: new Uint8Array(32) } });
    net.fault = (_, protocol) =>
      protocol === blocksById.id.split("/")[2]
        ? {
            async *answer() {
              yield encoded(bad.blocks[0]!);
            },
          }
        : undefined;
    await node.inbox.fetch(bad.id, peer.network.peerId);
    expect(node.chain.head.height).toBe(0);
    expect(node.signed.map(({ signature }) => signature)).toEqual([bad.blocks[0]!.header.signature]);
  });

  test("keeps a block from the near future until its time has come, and drops one from the far future", async () => {
    const { gossip, maker, node, clock, peer } = await pair();
    const start = maker.start();
    const now = clock.now() - start.header.timestamp - 1000;
    const soon = await maker.block(start, { laterMs: now + 5_000 });
    const far = await maker.block(start, { laterMs: now + 60_000 });
    expect(await gossip(compact(soon, maker))).toBe("ignore");
    expect(await gossip(compact(soon, maker))).toBe("ignore");
    expect(await gossip(compact(far, maker))).toBe("ignore");
    await clock.advance(4_900);
    expect(node.chain.head.height).toBe(0);
    expect(clock.pending).toBe(3);
    await clock.advance(200);
    expect(node.chain.head.idHex).toBe(soon.idHex);
    expect(node.logs.filter((line) => line.includes("compare the clocks"))).toHaveLength(1);
    expect(peer.network.penalties).toEqual([]);
  });

  test("a block out of turn is taken in and passed on only when the proposer's place in line has come", async () => {
    const { gossip, maker, node, clock, peer } = await pair();
    const start = maker.start();
    const laterMs = clock.now() - start.header.timestamp - 1000;
    const soon = await maker.block(start, { laterMs, by: authorities[2]! });
    let verdict: string | undefined;
    const judged = gossip(compact(soon, maker)).then((its) => {
      verdict = its;
    });
    await clock.advance(490);
    expect([verdict, node.chain.head.height]).toEqual([undefined, 0]);
    await clock.advance(20);
    await judged;
    expect([verdict, node.chain.head.height]).toEqual(["accept", 1]);
    expect(peer.network.penalties).toEqual([]);
  });
});

test("a new block is looked for on the disk neither when it is announced nor when it is imported", async () => {
  const { gossip, maker, node, clock } = await pair();
  const one = await maker.block(maker.start(), { transactions: [await maker.transfer({})] });
  await node.mempool.add(node.mempool.records(one.blocks[0]!.transactions), "gossip");
  const reading = vi.spyOn(node.database, "get");
  for (const tip of [one, await maker.block(one)]) {
    expect(await gossip(compact(tip, maker))).toBe("accept");
    await until(clock, () => node.chain.head.idHex === tip.idHex);
  }
  expect(reading).not.toHaveBeenCalled();
});

test("a stored block is known when it is announced, also above the head and after a restart", async () => {
  const { maker, node, net } = await pair();
  const start = maker.start();
  const head = await maker.block(start);
  const lower = await maker.block(start, { by: authorities[2]! });
  // Two blocks out of turn weigh as much as one in turn, and of these the lower one wins.
  const higher = await maker.block(lower, { by: authorities[0]! });
  for (const tip of [head, lower, higher]) await node.add(tip.blocks.at(-1)!);
  expect(node.chain.head.idHex).toBe(head.idHex);
  const again = await syncNode(net, "again", genesis, { database: node.database.copy() });
  onTestFinished(() => again.stop());
  for (const { inbox, chain } of [node, again])
    for (const tip of [head, lower, higher]) {
      // As if so many others had come since that it is no longer in memory.
      chain.tree.forget(tip.idHex);
      expect(await inbox.onGossip(compact(tip, maker), "peer")).toBe("ignore");
      expect(await chain.find(tip.id)).toBeDefined();
    }
  expect(again.chain.head.idHex).toBe(head.idHex);
});

test("an announced block is on its way from the time on at which its proposer may make it", async () => {
  const { net, gossip, maker, node, clock } = await pair();
  net.fault = () => ({ stall: true });
  const start = maker.start();
  const transactions = [await maker.transfer({})];
  const laterMs = clock.now() - start.header.timestamp - 1000;
  const soon = await maker.block(start, { laterMs, by: authorities[2]!, transactions });
  void gossip(compact(soon, maker));
  await clock.advance(490);
  expect(node.inbox.coming()).toEqual([]);
  await clock.advance(20);
  expect(node.inbox.coming()).toEqual([toHex(authorities[2]!.publicKey)]);
  const next = await maker.block(soon, { transactions: [await maker.transfer({ nonce: 1 })] });
  void gossip(compact(next, maker));
  await clock.advance(1_000);
  expect(node.inbox.coming()).toEqual([toHex(authorities[2]!.publicKey)]);
});

test("a block that was fetched is on its way while it is imported", async () => {
  const { maker, node, peer, clock } = await pair();
  const tip = await maker.block(maker.start());
  await peer.addAll(tip);
  const writing = Promise.withResolvers<void>();
  node.database.beforeCommit = () => writing.promise;
  const fetching = node.inbox.fetch(tip.id, "peer");
  await until(clock, () => node.inbox.coming().length > 0);
  expect(node.inbox.coming()).toEqual([toHex(tip.header.proposer)]);
  const ageMs = node.inbox.ageMs(tip.idHex);
  await clock.advance(30);
  expect(node.inbox.ageMs(tip.idHex) - ageMs).toBe(30);
  writing.resolve();
  await fetching;
  expect([node.chain.head.idHex, node.inbox.coming()]).toEqual([tip.idHex, []]);
  expect(node.inbox.ageMs(tip.idHex)).toBe(0);
});

test("a block that has no place beside the chain is stored once more than a third have voted for it", async () => {
  const { maker, node, peer } = await pair();
  await node.addAll(await maker.extend(maker.start(), 2));
  const twin = (laterMs: number) => maker.block(maker.start(), { by: authorities[0]!, laterMs });
  for (let at = 1; at <= sideBlockLimits.perProposer.blocks; at++)
    await node.add((await twin(at)).blocks[0]!);
  const one = await twin(0);
  await peer.addAll(one);
  await node.inbox.fetch(one.id, "peer");
  expect(await node.chain.find(one.id)).toBeUndefined();
  node.votedFor.add(one.idHex);
  await node.inbox.fetch(one.id, "peer");
  expect(await node.chain.find(one.id)).toBeDefined();
});

describe("parents", () => {
  test("fetches and imports parents before the block that arrived first", async () => {
    const { node, peer, gossip, maker, clock } = await pair();
    const tip = await maker.extend(maker.start(), 10);
    await peer.addAll(tip);
    expect(await gossip(compact(tip, maker))).toBe("accept");
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(node.inbox.orphans).toBe(0);
    expect(node.farAhead).toEqual([]);
  });

  test("fetches parents from peers that announce them if the first peer does not deliver", async () => {
    const { node, nodes, net, gossip, maker, clock } = await pair("second");
    const parent = await maker.block(maker.start());
    const tip = await maker.block(parent);
    await nodes[2]!.addAll(tip);
    net.fault = (peer) => ({ stall: peer === "peer" });
    const verdict = gossip(compact(tip, maker));
    await clock.advance(50);
    expect(net.requests.map(({ to }) => to)).toEqual(["peer"]);
    await gossip(compact(parent, maker), "second");
    await clock.advance(250);
    expect(node.chain.head.idHex).toBe(tip.idHex);
    expect(await verdict).toBe("accept");
  });

  test("leaves parents that are too far back to sync", async () => {
    const { node, peer, net, gossip, maker, clock } = await pair();
    const tip = await maker.extend(maker.start(), 40);
    await peer.addAll(tip);
    for (const one of [node, peer]) one.start();
    void gossip(compact(tip, maker));
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(node.farAhead.length).toBeGreaterThan(0);
    expect(net.count("headers")).toBeGreaterThan(0);
  });

  test("parents that no peer has cost little, and blocks of strangers push out no others", async () => {
    const { node, gossip, maker, peer, clock } = await pair("flood");
    const tip = await maker.extend(maker.start(), 2);
    await peer.addAll(tip);
    await gossip(compact(tip, maker));
    for (let at = 0; at < 200; at++) {
      const parent = new Uint8Array(32).fill(7).with(0, at);
      const fake = await maker.block(maker.start(), { by: signer(6000), edit: { parent, height: 2 } });
      expect(await gossip(compact(fake, maker), "flood")).toBe("ignore");
    }
    await until(clock, () => node.chain.head.idHex === tip.idHex);
    expect(node.inbox.orphans).toBeLessThanOrEqual(64);
  });
});

describe("a header that cannot be judged yet is held", () => {
  test("holds an early header until its time has come, so that a line of four nodes forwards a block from a fast clock", async () => {
    const { clock, nodes, maker } = await pair("second", "third");
    const start = maker.start();
    const tip = await maker.block(start, { laterMs: clock.now() - start.header.timestamp - 950 });
    expect(tip.header.timestamp - clock.now()).toBe(50);
    const verdicts: string[] = [];
    const relay = async (to: number, from: string): Promise<void> => {
      const node = nodes[to];
      if (!node) return;
      const verdict = await node.inbox.onGossip(compact(tip, maker), from);
      verdicts.push(verdict);
      if (verdict === "accept") await relay(to + 1, node.network.peerId);
    };
    void relay(0, "peer");
    await clock.advance(49);
    expect(verdicts).toEqual([]);
    await clock.advance(1);
    expect(verdicts).toEqual(["accept", "accept", "accept", "accept"]);
    for (const { chain } of nodes) expect(chain.head.idHex).toBe(tip.idHex);
  });

  test("holds a header no longer than gossip waits for a verdict, and only a few of each proposer", async () => {
    const { clock, gossip, maker } = await pair();
    const start = maker.start();
    const base = clock.now() - start.header.timestamp - 1_000;
    const ahead = async (ms: number) =>
      gossip(compact(await maker.block(start, { laterMs: base + ms }), maker));
    expect(await ahead(maxHoldMs + 1)).toBe("ignore");
    const parent = new Uint8Array(32).fill(9);
    const verdicts: string[] = [];
    for (let at = 0; at < 9; at++) {
      const orphan = await maker.block(start, { edit: { parent, height: at + 2 }, laterMs: at * 1_000 });
      void gossip(compact(orphan, maker)).then((verdict) => verdicts.push(verdict));
    }
    await clock.advance(0);
    expect(verdicts).toEqual(["ignore"]);
    await clock.advance(maxHoldMs);
    expect(verdicts).toHaveLength(9);
    expect(new Set(verdicts)).toEqual(new Set(["ignore"]));
  });
});

test("does not decode the short ids of a header with a wrong signature", async () => {
  const { gossip, maker } = await pair();
  const shortIds = new Array(2 ** 16).fill(new Uint8Array(8));
  const parent = new Uint8Array(32).fill(7);
  const message = compact(
    await maker.block(maker.start(), { by: signer(6000), edit: { parent } }),
    maker,
    () => shortIds,
  );
  const views = (["slice", "subarray"] as const).map((name) => vi.spyOn(Uint8Array.prototype, name));
  expect(await gossip(message)).toBe("ignore");
  const made = views.reduce((sum, { mock }) => sum + mock.calls.length, 0);
  for (const view of views) view.mockRestore();
  expect(made).toBeLessThan(100);
});

test("does not check the signatures of headers by strangers", async () => {
  const { gossip, net, peer, maker } = await pair();
  const { node } = await countingNode(net, peer);
  let checked = 0;
  node.checks.verify = async (sets) => {
    checked += sets.length;
    return verifyHere(sets);
  };
  const stranger = await maker.block(maker.start(), { by: signer(6000) });
  expect(await node.inbox.onGossip(compact(stranger, maker), "peer")).toBe("reject");
  const parent = new Uint8Array(32).fill(7);
  const orphan = await maker.block(maker.start(), { by: signer(6000), edit: { parent } });
  expect(await node.inbox.onGossip(compact(orphan, maker), "peer")).toBe("ignore");
  expect(checked).toBe(0);
  expect(await gossip(compact(stranger, maker))).toBe("reject");
});

/** Holds back all checks of signatures; then none is valid. `begun` counts the signatures. */
function heldChecks({ checks }: SyncNode): { begun: number; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const held = { begun: 0, release: resolve };
  checks.verify = async (sets) => {
    held.begun += sets.length;
    await promise;
    return sets.map(() => false);
  };
  return held;
}

test("checks only a few garbage headers of a peer at a time", async () => {
  const { node, maker } = await pair();
  const checks = heldChecks(node);
  const tip = await maker.block(maker.start());
  const verdicts = Array.from({ length: 40 }, (_, at) => {
    const { header } = tip.blocks[0]!;
    const message = { ...header.message, timestamp: header.message.timestamp + at };
    return node.inbox.onGossip(
      CompactBlock.serialize({ header: { ...header, message }, shortIds: [] }),
      "peer",
    );
  });
  await new Promise((resolve) => setImmediate(resolve));
  checks.release();
  const said = await Promise.all(verdicts);
  expect(checks.begun).toBe(16);
  expect(said).toEqual(said.map((_, at) => (at < 16 ? "reject" : "ignore")));
});

test("checks headers of a peer even if any number of ids of four other addresses have taken all places", async () => {
  const { node, maker } = await pair();
  const checks = heldChecks(node);
  const { header } = (await maker.block(maker.start())).blocks[0]!;
  let sent = 0;
  const send = (from: string) => {
    const message = { ...header.message, timestamp: header.message.timestamp + ++sent };
    const block = CompactBlock.serialize({ header: { ...header, message }, shortIds: [] });
    return node.inbox.onGossip(block, from);
  };
  const verdicts = Array.from({ length: 300 }, (_, at) => send(`flooder${at % 4}@${at}`));
  await new Promise((resolve) => setImmediate(resolve));
  expect(checks.begun).toBe(maxJudged.inAll);
  verdicts.push(...Array.from({ length: 10 }, () => send("honest")));
  await new Promise((resolve) => setImmediate(resolve));
  expect(checks.begun).toBe(maxJudged.inAll + maxJudged.always);
  checks.release();
  await Promise.all(verdicts);
});

test("blames the author of a signed header for invalid transactions in its block, and does not fetch them again", async () => {
  const { node, peer, net, gossip, maker, clock } = await pair();
  const good = await maker.transfer({ nonce: 0 });
  const forged = { ...good, signature: new Uint8Array(64) };
  const tip = await maker.block(maker.start(), { transactions: [forged], unexecuted: true });
  net.fault = () => ({
    async *answer() {
      yield Transactions.serialize([forged]);
    },
  });
  expect(await gossip(compact(tip, maker))).toBe("accept");
  await clock.advance(100);
  expect(net.requests.map(({ protocol }) => protocol)).toEqual(["block-transactions"]);
  expect(await gossip(compact(tip, maker, () => []))).toBe("ignore");
  expect(await gossip(compact(await maker.block(tip, { unexecuted: true }), maker))).toBe("ignore");
  expect([...node.network.penalties, ...peer.network.penalties]).toEqual([]);
});

test("decodes full blocks of an authority at twice the rate at which it may make them, and those that were voted for", async () => {
  const { node, net, maker, clock } = await pair();
  const { maxBlockTransactions, periodMs } = genesis.config.parameters;
  const full = await withTransfers(maker.start(), maker, maxBlockTransactions);
  const { transactions } = full.blocks[0]!;
  const twins = await Promise.all(
    Array.from({ length: 12 }, (_, laterMs) =>
      maker.block(maker.start(), { by: authorities[0]!, laterMs, transactions }),
    ),
  );
  net.fault = (_, protocol) => ({
    async *answer(request: unknown, honest) {
      const [id] = protocol === "blocks-by-id" ? (request as { ids: Uint8Array[] }).ids : [];
      const wanted = twins.find((twin) => id && twin.idHex === toHex(id));
      if (wanted) yield encoded(wanted.blocks[0]!);
      else yield* honest();
    },
  });
  const here = async () => {
    const found = await Promise.all(twins.map(({ id }) => node.chain.find(id)));
    return found.filter((one) => one).length;
  };
  const fetchAll = async () => {
    for (const { id } of twins) await node.inbox.fetch(id, "peer");
  };
  await fetchAll();
  expect(await here()).toBe(blocksAtOnce);
  await clock.advance(periodMs);
  await fetchAll();
  expect(await here()).toBe(blocksAtOnce + 1);
  node.votedFor.add(twins.at(-1)!.idHex);
  await fetchAll();
  expect(await here()).toBe(blocksAtOnce + 2);
  expect(node.network.penalties).toEqual([]);
  // The same holds for blocks that it announces, and not for those of others.
  const unseen = [await maker.transfer({ nonce: 0, amount: 77n })];
  const announce = async (by: Signer) => {
    const tip = await maker.block(maker.start(), { by, laterMs: 90, transactions: unseen });
    expect(await node.inbox.onGossip(compact(tip, maker), "peer")).toBe("accept");
    await clock.advance(20);
    return net.count("block-transactions");
  };
  expect(await announce(authorities[0]!)).toBe(0);
  expect(await announce(authorities[1]!)).toBe(1);
});

test("looks up few short ids of the headers that an authority signs on blocks that nobody has", async () => {
  const { node, net, maker, gossip, clock } = await pair();
  const { maxBlockTransactions } = genesis.config.parameters;
  let lookups = 0;
  const { byShortId } = node.mempool;
  node.mempool.byShortId = (shortId) => {
    lookups++;
    return byShortId.call(node.mempool, shortId);
  };
  for (let at = 1; at <= 60; at++) {
    const parent = new Uint8Array(32).fill(at);
    const edit = { parent, height: 10 + at, timestamp: maker.start().header.timestamp + at * 10_000 };
    const tip = await maker.block(maker.start(), { by: authorities[0]!, edit, unexecuted: true });
    const listed = at % 2 === 0 ? maxBlockTransactions : maxBlockTransactions + 1;
    const ids = Array.from({ length: listed }, (_, n) => uint64Bytes(1_000 * at + n));
    gossip(compact(tip, maker, () => ids)).catch(() => undefined);
    await node.chain.idle();
  }
  await clock.advance(5_000);
  // Each is looked up twice for half the price of a transaction, and none of a longer list.
  expect(lookups).toBeGreaterThan(0);
  expect(lookups).toBeLessThanOrEqual(4 * blocksAtOnce * maxBlockTransactions);
  expect(lookups % maxBlockTransactions).toBe(0);
  expect(net.count("block-transactions")).toBe(0);
});

test.each(["another list of transactions", "a transaction with a wrong signature"])(
  "penalizes a peer that answers with %s than an authority has signed",
  async (lie) => {
    const { node, net, maker } = await pair();
    const good = await maker.transfer({ nonce: 0 });
    const bad = { ...good, signature: new Uint8Array(64) };
    const isOther = lie.startsWith("another");
    const tip = await maker.block(maker.start(), { transactions: [isOther ? good : bad], unexecuted: true });
    const { header } = encoded(tip.blocks[0]!);
    net.fault = () => ({
      async *answer() {
        yield { header, body: Transactions.serialize([bad]) };
      },
    });
    await node.inbox.fetch(tip.id, "peer");
    expect(node.network.penalties).toMatchObject([{ peer: "peer", offence: "invalidResponse" }]);
  },
);

test("penalizes a peer that answers with another block than the requested one", async () => {
  const { node, peer, net, maker, clock } = await pair();
  const tip = await maker.extend(maker.start(), 2);
  await peer.addAll(tip);
  net.fault = (_, protocol) =>
    protocol === blocksById.id.split("/")[2]
      ? {
          async *answer() {
            yield encoded(tip.blocks[0]!);
          },
        }
      : undefined;
  await node.inbox.fetch(tip.id, "peer");
  await clock.advance(10);
  expect(node.network.penalties.map(({ offence }) => offence)).toEqual(["invalidResponse"]);
  expect(node.chain.head.height).toBe(0);
});

test("completes only some of many blocks that a peer sends at once", async () => {
  const { node, net, gossip, maker, peer } = await pair();
  await peer.addAll(await maker.block(maker.start()));
  net.fault = () => ({ stall: true });
  for (let at = 0; at < 80; at++) {
    const tip = await maker.block(maker.start(), { laterMs: at * 1_000 });
    await gossip(compact(tip, maker, () => [new Uint8Array(8)]));
  }
  expect(net.requests.length).toBeLessThanOrEqual(32);
  await node.stop();
});

test("accepts two headers of an authority in a slot as evidence; more are neither forwarded nor completed, and their relay is not blamed", async () => {
  const { node, net, gossip, maker } = await pair();
  const said: string[] = [];
  for (const laterMs of [1, 2, 3, 4, 1_000]) {
    const tip = await maker.block(maker.start(), { laterMs });
    said.push(await gossip(compact(tip, maker, () => [new Uint8Array(8)])));
  }
  expect(said).toEqual(["accept", "accept", "pardon", "pardon", "accept"]);
  expect(net.requests.length).toBeLessThanOrEqual(3);
  await node.stop();
});

test("charges the checks of surplus headers to their authority alone, up to a rate", async () => {
  const { node, net, gossip, maker, clock } = await pair();
  net.fault = () => ({ stall: true });
  let checked = 0;
  const { verify } = node.checks;
  node.checks.verify = async (sets) => {
    checked += sets.length;
    return verify(sets);
  };
  const twin = async (laterMs: number, by = authorities[1]!) =>
    gossip(compact(await maker.block(maker.start(), { by, laterMs }), maker, () => [new Uint8Array(8)]));
  for (let at = 0; at < 2; at++) expect(await twin(at)).toBe("accept");
  const said: string[] = [];
  for (let at = 2; at < 102; at++) said.push(await twin(at));
  expect(said).toEqual(said.map((_, at) => (at < 64 ? "pardon" : "ignore")));
  expect(checked).toBe(66);
  // Headers of its other slots, and those of other authorities, are judged as before.
  expect(await twin(1_000)).toBe("accept");
  expect(await twin(0, authorities[2]!)).toBe("accept");
  await clock.advance(250);
  expect([await twin(200), await twin(201)]).toEqual(["pardon", "ignore"]);
  await node.stop();
});

test("imports nothing after stop", async () => {
  const { node, peer, net, gossip, maker, clock } = await pair();
  const tip = await withTransfers(maker.start(), maker, 2);
  await peer.addAll(tip);
  net.delayMs = 50;
  await gossip(compact(tip, maker));
  node.inbox.stop();
  await clock.advance(1_000);
  expect(node.chain.head.height).toBe(0);
});

test("blames a relay only for faults of the header, which is all that it has checked", () => {
  const rejected = Object.entries(blockVerdicts).filter(([, verdict]) => verdict === "reject");
  expect(rejected.map(([code]) => code).sort()).toEqual([
    "INVALID_HEADER_SIGNATURE",
    "INVALID_VOTE",
    "MALFORMED",
    "NOT_AN_AUTHORITY",
    "SIGNED_RECENTLY",
    "TOO_EARLY",
    "TOO_MANY_TRANSACTIONS",
    "WRONG_DIFFICULTY",
    "WRONG_HEIGHT",
  ]);
  const bad = Object.entries(transactionVerdicts).filter(([, verdict]) => verdict === "reject");
  expect(bad.map(([code]) => code).sort()).toEqual([
    "INVALID_ADDRESS",
    "INVALID_SIGNATURE",
    "MALFORMED",
    "OVERFLOW",
    "WRONG_CHAIN",
  ]);
});

describe("gossiped transactions", () => {
  test("forwards gossiped transactions if some are new and all are signed", async () => {
    const { node, maker } = await pair();
    const send = async (...transactions: Awaited<ReturnType<typeof maker.transfer>>[]) =>
      node.transactions.onGossip(Transactions.serialize(transactions), "peer");
    const [first, second, poor, unpaid] = await Promise.all([
      maker.transfer({ nonce: 0 }),
      maker.transfer({ nonce: 1 }),
      maker.transfer({ from: 1, amount: startBalance }),
      maker.transfer({ from: 1, fee: 0n }),
    ]);
    const forged = (transaction: typeof first) => ({ ...transaction, signature: new Uint8Array(64) });
    expect(await send(first)).toBe("accept");
    expect(await send(first)).toBe("ignore");
    expect(await send(poor, unpaid)).toBe("ignore");
    expect(await send(first, poor, second)).toBe("accept");
    expect(await send(forged(await maker.transfer({ nonce: 2 })))).toBe("reject");
    // This node refuses it cheaply, but others may not.
    expect(await send(forged(poor), await maker.transfer({ nonce: 2 }))).toBe("reject");
    expect(await send(await maker.transfer({ nonce: 2, to: new Uint8Array(32).fill(1) }))).toBe("reject");
    expect(await send(await maker.transfer({ nonce: 2 ** 53 - 2 }))).toBe("ignore");
    expect(await send(await maker.transfer({ nonce: 2 ** 53 - 1 }))).toBe("reject");
    expect(await send(await maker.transfer({ nonce: 2, validUntil: 2 ** 53 }))).toBe("reject");
    expect(await send(await maker.transfer({ nonce: 2, amount: maxAmount }))).toBe("reject");
    expect(await node.transactions.onGossip(new Uint8Array([9, 9]), "peer")).toBe("reject");
    expect(await send()).toBe("reject");
    const many = Array.from({ length: 513 }, () => first);
    const decode = vi.spyOn(node.mempool, "decode");
    expect(await send(...many)).toBe("reject");
    expect(decode).not.toHaveBeenCalled();
  });

  test("sends on the few new transactions of a message by themselves, so that not everybody checks the others", async () => {
    const { net, peer, maker } = await pair();
    const { node, checked } = await countingNode(net, peer);
    const fresh = await maker.transfer({ nonce: 0 });
    const refused = await Promise.all(
      Array.from({ length: 4 }, (_, index) =>
        maker.transfer({ from: 1, amount: startBalance, nonce: index }),
      ),
    );
    const { transactions, network, clock } = node;
    node.outbox.start();
    expect(await transactions.onGossip(Transactions.serialize([fresh, ...refused]), "peer")).toBe("ignore");
    expect(node.mempool.count).toBe(1);
    expect(checked(refused).every((count) => count === 0)).toBe(true);
    expect(network.penalties).toEqual([]);
    await clock.advance(1_000);
    expect(network.published.map(({ topic, message }) => [topic, Buffer.from(message)])).toEqual([
      ["transactions", Buffer.from(Transactions.serialize([fresh]))],
    ]);
  });

  test("ignores transactions that have ended, does not request them, and does not blame their relay, which may be behind", async () => {
    const { node, peer, maker } = await pair();
    const over = await maker.transfer({ validUntil: 1 });
    await peer.mempool.add(peer.mempool.records([over]), "local");
    await node.addAll(await maker.extend(maker.start(), 1));
    expect(await node.transactions.onGossip(Transactions.serialize([over]), "peer")).toBe("ignore");
    await node.transactions.pull("peer");
    expect(node.mempool.count).toBe(0);
    expect(node.network.penalties).toEqual([]);
  });

  test.each([
    ["one of the first", 3, checkedFirst],
    ["the last of the first", checkedFirst - 1, checkedFirst],
    ["one after them", checkedFirst, 3 * checkedFirst],
  ])(
    "checks gossiped transactions in parts up to a wrong one, and not those behind it: %s",
    async (_, wrong, count) => {
      const { net, peer, maker } = await pair();
      const { node, checked } = await countingNode(net, peer);
      const all = await Promise.all(Array.from({ length: 512 }, (_, nonce) => maker.transfer({ nonce })));
      all[wrong] = { ...all[wrong]!, signature: new Uint8Array(64).fill(7) };
      expect(await node.transactions.onGossip(Transactions.serialize(all), "peer")).toBe("reject");
      expect(checked(all).filter((count) => count > 0)).toHaveLength(count);
    },
  );

  test("drops messages above a peer's share unread at a cost in score, without delaying other peers", async () => {
    const { node, maker } = await pair();
    const batch = [await maker.transfer({})];
    const verdicts = Array.from({ length: transactionQueueLimits.maxCountPerPeer + 3 }, () =>
      node.transactions.onGossip(Transactions.serialize(batch), "flooder"),
    );
    const other = node.transactions.onGossip(
      Transactions.serialize([await maker.transfer({ from: 1 })]),
      "peer",
    );
    expect(await other).toBe("accept");
    expect(node.network.penalties.map(({ peer, offence }) => [peer, offence])).toEqual(
      new Array(3).fill(["flooder", "rateLimited"]),
    );
    const said = await Promise.all(verdicts);
    expect(said.filter((verdict) => verdict === "accept")).toHaveLength(1);
    expect(said.slice(-3)).toEqual(["ignore", "ignore", "ignore"]);
  });

  test("does not read the messages of a peer that has gone any more", async () => {
    const { node, maker, net } = await pair("banned");
    const message = Transactions.serialize([await maker.transfer({})]);
    const decode = vi.spyOn(node.mempool, "decode");
    const verdicts = Array.from({ length: 3 }, () => node.transactions.onGossip(message, "banned"));
    net.disconnect(node.network, net.nodes.get("banned")!);
    expect(await Promise.all(verdicts)).toEqual(["accept", "ignore", "ignore"]);
    expect(decode).toHaveBeenCalledTimes(1);
    const { listeners } = node.network;
    node.transactions.stop();
    expect(node.network.listeners).toBe(listeners - 1);
  });

  test("rejects gossiped transactions that do not decode", async () => {
    const { node, maker } = await pair();
    const message = Transactions.serialize([await maker.transfer({})]);
    expect(await node.transactions.onGossip(message.subarray(0, -80), "peer")).toBe("reject");
  });

  test("forwards gossiped transactions if one in four is new", async () => {
    const { clock, node, maker } = await pair();
    const fresh = await maker.transfer({ nonce: 0 });
    const old = await Promise.all(
      [1, 2, 3].map((nonce) => maker.transfer({ from: 1, amount: startBalance, nonce })),
    );
    node.outbox.start();
    expect(await node.transactions.onGossip(Transactions.serialize([fresh, ...old]), "peer")).toBe("accept");
    // Gossip forwards the message, so this node sends none of its own.
    await clock.advance(1_000);
    expect(node.network.published).toEqual([]);
  });

  test("does not check transactions again that were refused after a check of their signatures", async () => {
    const { net, peer, maker } = await pair();
    const { node, checked } = await countingNode(net, peer);
    const all = [await maker.transfer({ nonce: 0 }), await maker.transfer({ nonce: 1 })];
    const { mempool } = node;
    const add = mempool.add.bind(mempool);
    // The second one loses its place while its signature is checked.
    mempool.add = async (batch, source) => {
      const [first, second] = await add(batch, source);
      return [first!, { ...second!, accepted: false, code: "MEMPOOL_FULL", detail: "", isSigned: true }];
    };
    mempool.verify = vi.fn(mempool.verify.bind(mempool));
    expect(await node.transactions.onGossip(Transactions.serialize(all), "peer")).toBe("accept");
    expect(checked(all)).toEqual([1, 1]);
    expect(mempool.verify).not.toHaveBeenCalled();
  });

  test("rejects transactions that were refused unchecked for a single wrong signature among many", async () => {
    const { node, maker } = await pair();
    const fresh = await Promise.all(Array.from({ length: 50 }, (_, nonce) => maker.transfer({ nonce })));
    const poor = await Promise.all(
      Array.from({ length: 140 }, (_, nonce) => maker.transfer({ from: 1, amount: startBalance, nonce })),
    );
    const verify = vi.spyOn(node.mempool, "verify");
    expect(await node.transactions.onGossip(Transactions.serialize([...fresh, ...poor]), "peer")).toBe(
      "accept",
    );
    expect(verify.mock.calls.map(([records, order]) => [records.length, order])).toEqual([
      [checkedFirst, "later"],
      [140 - checkedFirst, "later"],
    ]);
    const forged = poor.map((each, at) => (at === 60 ? { ...each, signature: new Uint8Array(64) } : each));
    const more = await Promise.all(
      Array.from({ length: 50 }, (_, nonce) => maker.transfer({ nonce: nonce + 50 })),
    );
    expect(await node.transactions.onGossip(Transactions.serialize([...more, ...forged]), "peer")).toBe(
      "reject",
    );
  });

  test("messages that find no room because of many other peers cost their relay nothing", async () => {
    const { node, maker } = await pair();
    const message = Transactions.serialize([await maker.transfer({})]);
    const { network, mempool } = node;
    const limits = { ...transactionQueueLimits, maxBytes: 4 * message.length, maxRunning: 1 };
    const inbox = new TransactionInbox({
      network,
      mempool,
      logger: silentLogger,
      outbox: node.outbox,
      limits,
    });
    const verdicts = ["a", "b", "c", "d", "honest"].map((from) => inbox.onGossip(message, from));
    expect(await verdicts[4]).toBe("ignore");
    expect(network.penalties).toEqual([]);
    await Promise.all(verdicts);
    inbox.stop();
  });

  test("requests transactions of a peer's pool in as many requests as their number takes", async () => {
    const { node, net } = await pair();
    const ids = Array.from({ length: maxTransactionsById + 1 }, (_, at) => uint64Bytes(at)).map((each) =>
      concatBytes(each, new Uint8Array(24)),
    );
    net.fault = (_, protocol) => ({
      async *answer() {
        yield protocol === "transactions" ? [] : ids;
      },
    });
    await node.transactions.pull("peer");
    const asked = net.requests.filter(({ protocol }) => protocol === "transactions");
    expect(asked.map(({ request }) => (request as { ids: Uint8Array[] }).ids.length)).toEqual([
      maxTransactionsById,
      1,
    ]);
    expect(node.network.penalties).toEqual([]);
  });

  test("requests the new transactions of a peer's pool; an invalid one costs the peer score", async () => {
    const { node, peer, net, maker } = await pair();
    const all = await Promise.all(Array.from({ length: 30 }, (_, nonce) => maker.transfer({ nonce })));
    await peer.mempool.add(peer.mempool.records(all), "local");
    await node.mempool.add(node.mempool.records(all.slice(0, 10)), "gossip");
    await node.transactions.pull("peer");
    expect(node.mempool.count).toBe(30);
    expect(net.requests.map(({ protocol }) => protocol)).toEqual(["mempool-ids", "transactions"]);
    await node.transactions.pull("peer");
    expect(net.count("transactions")).toBe(1);
    const bad = { ...(await maker.transfer({ nonce: 30 })), signature: new Uint8Array(64) };
    net.fault = (_, protocol) => ({
      async *answer() {
        yield protocol === "transactions" ? [bad] : [new Uint8Array(32)];
      },
    });
    await node.transactions.pull("peer");
    expect(node.network.penalties.map(({ offence }) => offence)).toEqual(["invalidResponse"]);
  });
});
