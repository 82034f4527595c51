import { describe, expect, onTestFinished, test, vi } from "vitest";
import { blocksById } from "../../../protocols/index.ts";
import { BlockEntries } from "../../../src/sync/block-entries.ts";
import { BlockError, type BlockErrorCode } from "../../../src/types/errors.ts";
import type { Block } from "../../../src/types/index.ts";
import { authorities, encoded, signer, type Tip, testGenesis } from "../support/chain.ts";
import { FakeNetwork, failing } from "../support/network.ts";
import { compact, settledClock, syncNode, until, verifyHere } from "../support/sync-node.ts";

const genesis = await testGenesis(3);

/** A node and peers that serve nothing; `stall` leaves all requests unanswered. */
async function nodeOf({ stall = false, peers = ["peer", "other"] } = {}) {
  const clock = settledClock();
  const net = new FakeNetwork(clock);
  const node = await syncNode(net, "node", genesis);
  for (const name of peers) {
    const peer = net.node(name);
    peer.serve(blocksById, async function* () {});
    net.connect(node.network, peer);
  }
  onTestFinished(() => node.stop());
  if (stall) net.fault = () => ({ stall: true });
  const gossip = (tip: Tip, from = "peer") => node.inbox.onGossip(compact(tip, node.maker), from);
  /** Has every request for a block answered with this one. */
  const answer = (block: Block) => {
    net.fault = () => ({
      async *answer() {
        yield encoded(block);
      },
    });
  };
  /** Fetches a block that is delivered; nothing else is from then on. */
  const deliver = async (tip: Tip, from = "peer") => {
    let isDelivered = false;
    net.fault = () => {
      if (isDelivered) return { stall: true };
      isDelivered = true;
      return {
        async *answer() {
          yield encoded(tip.blocks.at(-1)!);
        },
      };
    };
    void node.inbox.fetch(tip.id, from);
    await clock.advance(0);
  };
  return { clock, net, node, gossip, answer, deliver, maker: node.maker };
}

/** A block on a parent that nobody has. */
const orphan = (
  { maker }: Pick<Awaited<ReturnType<typeof nodeOf>>, "maker">,
  at: number,
  by = authorities[1]!,
  height = 2,
): Promise<Tip> =>
  maker.block(maker.start(), {
    by,
    laterMs: at * 1_000,
    edit: { parent: new Uint8Array(32).fill(100 + at), height },
  });

/** Makes the chain answer the import of a block with an error. */
function refuse(node: Awaited<ReturnType<typeof nodeOf>>["node"], tip: Tip, error: Error) {
  const { chain } = node;
  const importBlock = chain.importBlock.bind(chain);
  chain.importBlock = (block, options) =>
    block.idHex === tip.idHex ? Promise.reject(error) : importBlock(block, options);
  return () => {
    chain.importBlock = importBlock;
  };
}

describe("the places of blocks being loaded", () => {
  test("gives each peer that is asked one place for loading, and a vote's blocks need none of these", async () => {
    const { node, net, clock } = await nodeOf({ stall: true });
    const id = (at: number) => new Uint8Array(32).fill(at);
    for (let at = 0; at < 20; at++) void node.inbox.fetch(id(at), "peer");
    await clock.advance(0);
    expect(net.count("blocks-by-id")).toBe(1);
    for (let at = 100; at < 120; at++) void node.inbox.fetch(id(at), "other");
    await clock.advance(0);
    expect(net.count("blocks-by-id")).toBe(2);
    for (let at = 200; at < 220; at++) void node.inbox.fetchVoted(id(at), "peer", () => true);
    await clock.advance(0);
    expect(net.count("blocks-by-id")).toBe(6);
  });

  test("peers of one address share their places for loading, so that its ids leave room for another's", async () => {
    const peers = ["crowd@1", "crowd@2", "crowd@3", "crowd@4", "crowd@5", "honest"];
    const { node, net, clock } = await nodeOf({ stall: true, peers });
    for (const [at, peer] of peers.entries()) void node.inbox.fetch(new Uint8Array(32).fill(at), peer);
    await clock.advance(0);
    expect(net.requests.map(({ to }) => to)).toEqual(["crowd@1", "crowd@2", "crowd@3", "crowd@4", "honest"]);
  });

  test("announced blocks use their authority's places for loading, so that one's flood leaves room for another's", async () => {
    const { node, net, maker, clock } = await nodeOf({ stall: true });
    // A short id that no pool knows, so that the block has to be requested.
    const announce = (tip: Tip) =>
      node.inbox.onGossip(
        compact(tip, maker, () => [new Uint8Array(8)]),
        "peer",
      );
    for (let at = 0; at < 20; at++) {
      const height = 2 + (at % 5);
      void announce(await orphan({ maker }, at, authorities[1]!, height));
    }
    await clock.advance(20);
    expect(net.count("block-transactions")).toBe(16);
    void announce(await orphan({ maker }, 0, authorities[2]!));
    await clock.advance(20);
    expect(net.count("block-transactions")).toBe(17);
  });
});

test("a block that a vote names is requested only if the vote can be charged, and not charged twice", async () => {
  const { node, net, clock } = await nodeOf({ stall: true });
  const id = new Uint8Array(32).fill(1);
  let charged = 0;
  const charge = (may: boolean) => () => {
    charged++;
    return may;
  };
  await node.inbox.fetchVoted(id, "peer", charge(false));
  expect([charged, net.count("blocks-by-id")]).toEqual([1, 0]);
  void node.inbox.fetchVoted(id, "peer", charge(true));
  await clock.advance(0);
  expect([charged, net.count("blocks-by-id")]).toEqual([2, 1]);
  await node.inbox.fetchVoted(id, "other", charge(true));
  expect([charged, net.count("blocks-by-id")]).toEqual([2, 1]);
});

test("the same header that comes twice while it is judged is accepted once", async () => {
  const { gossip, maker } = await nodeOf();
  const tip = await maker.block(maker.start());
  expect(await Promise.all([gossip(tip), gossip(tip, "other")])).toEqual(["accept", "ignore"]);
});

test("a block that does not come is asked of another address before another id of the same", async () => {
  const { node, net, clock, maker } = await nodeOf({ stall: true, peers: ["crowd@1", "honest", "crowd@2"] });
  const message = compact(await maker.block(maker.start()), maker, () => [new Uint8Array(8)]);
  for (const from of ["crowd@1", "honest", "crowd@2"]) void node.inbox.onGossip(message, from);
  await clock.advance(2_000);
  expect(net.requests.map(({ to }) => to)).toEqual(["crowd@1", "honest", "crowd@2"]);
});

test("a header of a block that is being loaded is not judged again", async () => {
  const { node, clock, maker, net } = await nodeOf({ stall: true });
  let checked = 0;
  node.checks.verify = async (sets) => {
    checked += sets.length;
    return verifyHere(sets);
  };
  const tip = await maker.block(maker.start());
  const message = compact(tip, maker, () => [new Uint8Array(8)]);
  expect(await node.inbox.onGossip(message, "peer")).toBe("accept");
  await clock.advance(20);
  expect(net.count("block-transactions")).toBe(1);
  expect(await node.inbox.onGossip(message, "other")).toBe("ignore");
  expect(checked).toBe(1);
});

test("a header that is held for its parent is judged by the rules when the parent arrives", async () => {
  const { node, clock, gossip, maker } = await nodeOf({ stall: true });
  const parent = await maker.block(maker.start());
  const wrong = await maker.block(parent, { edit: { difficulty: 1 } });
  const verdict = gossip(wrong);
  await clock.advance(0);
  await node.add(parent.blocks[0]!);
  await clock.advance(0);
  expect(await verdict).toBe("reject");
});

test("a block whose own arrival is announced again after its import is reported to the equivocation watch again", async () => {
  const { node, clock, gossip, maker } = await nodeOf();
  const tip = await maker.block(maker.start());
  expect(await gossip(tip)).toBe("accept");
  await until(clock, () => node.chain.head.idHex === tip.idHex);
  const before = node.signed.length;
  expect(await gossip(tip)).toBe("ignore");
  expect(node.signed).toHaveLength(before + 1);
});

test("a surplus header is accepted if blocks that wait are built on it", async () => {
  const { clock, gossip, maker } = await nodeOf();
  for (const laterMs of [1, 2])
    expect(await gossip(await maker.block(maker.start(), { laterMs }))).toBe("accept");
  const third = await maker.block(maker.start(), { laterMs: 3 });
  expect(await gossip(third)).toBe("pardon");
  // The peer does not have the parent that it is asked for.
  void gossip(await maker.block(third));
  await clock.advance(0);
  expect(await gossip(third)).toBe("accept");
});

describe("after a failure", () => {
  test("blames nobody for a failure that is no fault of the block, asks the peer's height, and can fetch the block again", async () => {
    const { node, net, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    net.fault = () => ({ answer: failing("connection", "the disk is full") });
    await node.inbox.fetch(tip.id, "peer");
    expect(node.network.penalties).toEqual([]);
    expect(node.farAhead).toEqual(["peer"]);
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(node.chain.head.idHex).toBe(tip.idHex);
  });

  test("asks the height of the peer that has sent a block of nobody that cannot be placed", async () => {
    const base = await nodeOf();
    await base.deliver(await orphan(base, 1, signer(900)));
    expect(base.node.farAhead).toEqual(["peer"]);
    expect(base.node.network.penalties).toEqual([]);
  });

  test("blames nobody for a failure that an honest peer's view of the chain explains", async () => {
    const { node, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    node.chain.checkHeaders = () => Promise.reject(new BlockError("BELOW_FINALIZED", "…"));
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(node.farAhead).toEqual(["peer"]);
    expect(node.network.penalties).toEqual([]);
  });

  test("blames the peer that has sent all of a block with a wrong signature for an invalid block", async () => {
    const { node, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start(), { signedBy: signer(900) });
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(node.network.penalties.map(({ offence }) => offence)).toEqual(["invalidBlock"]);
  });

  test("gives a block up after a failure of this node's own, logs it, and fetches it again later", async () => {
    const { node, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    const restore = refuse(node, tip, new Error("the disk is full"));
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(node.network.penalties).toEqual([]);
    expect(node.logs.filter((line) => line.startsWith("error"))).toHaveLength(1);
    restore();
    await node.inbox.fetch(tip.id, "peer");
    expect(node.chain.head.idHex).toBe(tip.idHex);
  });

  test.each<[BlockErrorCode, string[], number]>([
    ["WRONG_DIFFICULTY", ["invalidBlock"], 0],
    ["WRONG_STATE_ROOT", [], 0],
    ["TOO_MANY_SIDE_BLOCKS", [], 1],
  ])(
    "the failure %s of a block decides who is blamed, and whether the blocks on it still wait",
    async (code, offences, left) => {
      const { clock, node, answer, deliver, maker } = await nodeOf();
      const parent = await maker.block(maker.start());
      await deliver(await maker.block(parent));
      expect(node.inbox.orphans).toBe(1);
      refuse(node, parent, new BlockError(code, "…"));
      answer(parent.blocks[0]!);
      // The first request for it was never answered.
      await clock.advance(20_000);
      node.network.penalties.length = 0;
      await node.inbox.fetch(parent.id, "other");
      expect(node.network.penalties.map(({ offence }) => offence)).toEqual(offences);
      expect(node.inbox.orphans).toBe(left);
    },
  );
});

describe("a block that waits for its parent", () => {
  test("imports a waiting block when its parent comes on another way, and imports it as needed", async () => {
    const { clock, node, answer, deliver, maker } = await nodeOf();
    const parent = await maker.block(maker.start());
    const child = await maker.block(parent);
    await deliver(child);
    await node.add(parent.blocks[0]!);
    await clock.advance(0);
    expect(node.chain.head.idHex).toBe(child.idHex);
    const [uncle, next] = [await maker.block(child), await maker.block(await maker.block(child))];
    const options: unknown[] = [];
    const importBlock = node.chain.importBlock.bind(node.chain);
    node.chain.importBlock = (block, given) => {
      options.push([block.header.message.height, given?.needed]);
      return importBlock(block, given);
    };
    await deliver(next);
    await clock.advance(20_000);
    answer(uncle.blocks.at(-1)!);
    await node.inbox.fetch(uncle.id, "other");
    await clock.advance(0);
    expect(node.chain.head.idHex).toBe(next.idHex);
    expect(options).toEqual([
      [4, false],
      [3, true],
      [4, false],
    ]);
  });

  test.each([
    [16, 1, []],
    [17, 0, ["peer"]],
  ])("a block %i heights above the head has its parent requested %i times", async (gap, count, farAhead) => {
    const base = await nodeOf();
    const tip = await orphan(base, 1, authorities[1]!, gap);
    await base.deliver(tip);
    expect(base.net.count("blocks-by-id")).toBe(1 + count);
    expect(base.node.farAhead).toEqual(farAhead);
  });

  test("fetches a waiting block with its parent where the chain is long, too", async () => {
    const base = await nodeOf();
    const { node, net, maker, deliver } = base;
    for (const block of (await maker.extend(maker.start(), 20)).blocks) await node.add(block);
    await deliver(await orphan(base, 1, authorities[1]!, 22));
    expect(net.count("blocks-by-id")).toBe(2);
    expect(node.farAhead).toEqual([]);
  });

  test("leaves a waiting block to sync beside more than 16 others", async () => {
    const base = await nodeOf();
    const { node, net, deliver } = base;
    for (let at = 0; at < 16; at++) await deliver(await orphan(base, at, authorities[at % 2]!), "peer");
    expect([node.inbox.orphans, node.farAhead]).toEqual([16, []]);
    const before = net.count("blocks-by-id");
    await deliver(await orphan(base, 16, authorities[2]!), "other");
    expect(node.inbox.orphans).toBe(17);
    expect(node.farAhead).toEqual(["other"]);
    expect(net.count("blocks-by-id")).toBe(before + 1);
  });

  test("charges a waiting block to the authority that has signed it, and does not keep a stranger's", async () => {
    const base = await nodeOf();
    const { node, deliver } = base;
    for (let at = 0; at < 10; at++)
      for (const by of authorities.slice(0, 2)) await deliver(await orphan(base, at, by), "peer");
    expect(node.inbox.orphans).toBe(20);
    for (let at = 0; at < 10; at++)
      for (const by of [signer(900), signer(901)]) await deliver(await orphan(base, at, by), "peer");
    expect(node.inbox.orphans).toBe(20);
  });
});

test.each([
  ["its authority's", true, 6],
  ["the peer's, where it is not an authority after the head any more", false, 5],
])("the parent of a block is fetched in a place of %s", async (_, isAuthority, requests) => {
  const peers = [1, 2, 3, 4, 5].map((number) => `crowd@${number}`);
  const { node, net, clock, deliver, maker } = await nodeOf({ peers });
  const importing = Promise.withResolvers<never>();
  node.chain.importBlock = () => importing.promise;
  await deliver(await maker.block(await maker.block(maker.start())), peers[0]!);
  const { snapshot } = node.chain;
  if (!isAuthority)
    Object.defineProperty(node.chain, "snapshot", { value: { ...snapshot, authorities: [] } });
  // The other peers of the address take all the places that it has.
  for (const [at, peer] of peers.slice(1).entries()) void node.inbox.fetch(new Uint8Array(32).fill(at), peer);
  await clock.advance(0);
  expect(net.count("blocks-by-id")).toBe(5);
  importing.reject(new BlockError("UNKNOWN_PARENT", "…"));
  await clock.advance(0);
  expect(net.count("blocks-by-id")).toBe(requests);
});

describe("a block ahead of the clock", () => {
  test.each([
    [30_000, 0],
    [30_001, 1],
  ])("a block %i ms ahead of the clock is given up %i times", async (aheadMs, times) => {
    const { clock, node, net, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    const restore = refuse(node, tip, new BlockError("FUTURE_BLOCK", "…", { aheadMs }));
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(node.logs.filter((line) => line.includes("compare the clocks"))).toHaveLength(times);
    restore();
    await node.inbox.fetch(tip.id, "peer");
    // A block that waits for its time is not requested again.
    expect(net.count("blocks-by-id")).toBe(1 + times);
    await clock.advance(30_000);
    expect(node.chain.head.idHex).toBe(tip.idHex);
  });
});

describe("after a stop", () => {
  test("nothing is looked up or requested any more", async () => {
    const { node, net, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    node.inbox.stop();
    node.chain.find = () => Promise.reject(new Error("the database is closed"));
    await node.inbox.fetch(tip.id, "peer");
    expect(net.count("blocks-by-id")).toBe(0);
  });

  test("the blocks that come are not followed", async () => {
    const { node, maker } = await nodeOf();
    const lookUp = vi.spyOn(BlockEntries.prototype, "orphansOf");
    node.inbox.stop();
    await node.add((await maker.block(maker.start())).blocks[0]!);
    expect(lookUp).not.toHaveBeenCalled();
    lookUp.mockRestore();
  });

  test("a header that was being judged begins nothing", async () => {
    const { node, net, clock, maker } = await nodeOf({ stall: true });
    // A short id that no pool knows, so that the block would have to be requested.
    const message = compact(await maker.block(maker.start()), maker, () => [new Uint8Array(8)]);
    const verdict = node.inbox.onGossip(message, "peer");
    node.inbox.stop();
    await verdict;
    await clock.advance(100);
    expect(node.chain.head.height).toBe(0);
    expect(net.requests).toEqual([]);
  });

  test("a block that was being checked is not imported", async () => {
    const { node, net, clock, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    const checked = Promise.withResolvers<void>();
    node.checks.verify = async (sets) => {
      await checked.promise;
      return verifyHere(sets);
    };
    answer(tip.blocks[0]!);
    void node.inbox.fetch(tip.id, "peer");
    await clock.advance(0);
    node.inbox.stop();
    checked.resolve();
    await clock.advance(0);
    expect(net.count("blocks-by-id")).toBe(1);
    expect(node.chain.head.height).toBe(0);
  });

  test("a block that waited for its time holds no timer", async () => {
    const { node, clock, answer, maker } = await nodeOf();
    const tip = await maker.block(maker.start());
    const before = clock.pending;
    refuse(node, tip, new BlockError("FUTURE_BLOCK", "…", { aheadMs: 500 }));
    answer(tip.blocks[0]!);
    await node.inbox.fetch(tip.id, "peer");
    expect(clock.pending).toBe(before + 1);
    node.inbox.stop();
    expect(clock.pending).toBe(before);
  });

  test.each<[BlockErrorCode]>([["UNKNOWN_PARENT"], ["FUTURE_BLOCK"]])(
    "a block that was being imported does not wait: %s",
    async (code) => {
      const { node, clock, net, answer, maker } = await nodeOf();
      const tip = await maker.block(maker.start());
      const importing = Promise.withResolvers<never>();
      node.chain.importBlock = () => importing.promise;
      answer(tip.blocks[0]!);
      void node.inbox.fetch(tip.id, "peer");
      await clock.advance(0);
      const before = [clock.pending, net.count("blocks-by-id")];
      node.inbox.stop();
      importing.reject(new BlockError(code, "…", { aheadMs: 500 }));
      await clock.advance(0);
      expect(node.inbox.orphans).toBe(0);
      expect([clock.pending, net.count("blocks-by-id")]).toEqual(before);
    },
  );
});
