import { describe, expect, test } from "vitest";
import { ForkBlocks, sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import { certificateOf } from "../../../src/consensus/index.ts";
import { keySpaces } from "../../../src/storage/key-spaces.ts";
import { authorities, codeOf, type TestChain, type Tip, testChain, testGenesis } from "../support/chain.ts";
import { MemoryDatabase } from "../support/database.ts";
import { checkpoint, signedVote } from "../support/votes.ts";

const genesis = await testGenesis(4);
const start = { round: 0, height: 0, block: genesis.id };

async function certificate(source: typeof start, target: Tip, round: number) {
  const voters = authorities.slice(0, 3);
  const votes = await Promise.all(
    voters.map((voter) => signedVote(voter, genesis, source, checkpoint(round, target))),
  );
  return certificateOf(votes[0]!.message, votes);
}

/** Makes `tip` final. */
async function finalize({ chain }: TestChain, tip: Tip, child: Tip): Promise<void> {
  await chain.justify(await certificate(start, tip, 1));
  await chain.justify(await certificate(checkpoint(1, tip), child, 2));
  expect(chain.finalized.id).toEqual(tip.id);
}

function sideKeys(database: MemoryDatabase): string[] {
  return [...database.entries.keys()].filter(
    (key) => Number.parseInt(key.slice(0, 2), 16) === keySpaces.side,
  );
}

/** Makes a chain with branches: one that was canonical, one that never was, and blocks above the final height. */
async function forked(node: TestChain) {
  const { maker } = node;
  const transactions = [await maker.transfer({})];
  const lost = await maker.block(maker.start(), { by: authorities[0]!, transactions });
  await node.addAll(lost);
  const one = await maker.block(maker.start(), { transactions });
  const two = await maker.block(one);
  const three = await maker.block(two);
  await node.addAll(three);
  expect(node.chain.head.idHex).toBe(three.idHex);
  const second = await maker.block(lost, { by: authorities[3]! });
  const third = await maker.block(second, { by: authorities[1]! });
  const upon = await maker.block(third, { by: authorities[2]! });
  await node.addAll(upon);
  const kept = await maker.block(two, { by: authorities[0]! });
  await node.addAll(kept);
  expect(node.chain.head.idHex).toBe(three.idHex);
  return { lost, one, two, three, upon, kept };
}

test("deletes all data of side blocks below the final block and of their descendants", async () => {
  const database = new MemoryDatabase();
  const node = await testChain({ genesis, database });
  const { lost, two, three, upon, kept } = await forked(node);
  expect(sideKeys(database)).toHaveLength(5);
  await finalize(node, two, three);
  expect(await node.chain.find(lost.id)).toBeUndefined();
  expect(await node.chain.find(upon.id)).toBeUndefined();
  expect(await node.chain.find(kept.id)).toBeDefined();

  const plain = await testChain({ genesis, database: new MemoryDatabase() });
  for (const tip of [three, kept]) await plain.addAll(tip);
  await finalize(plain, two, three);
  expect(database.entries).toEqual((plain.database as MemoryDatabase).entries);
});

test("deletes at the start what a crash after a final block has left", async () => {
  const database = new MemoryDatabase();
  const node = await testChain({ genesis, database });
  const { two, three } = await forked(node);
  const before = database.copy();
  await finalize(node, two, three);
  const clean = database.copy();
  for (const [key, value] of before.entries) if (!database.entries.has(key)) database.entries.set(key, value);
  expect(database.entries.size).toBeGreaterThan(clean.entries.size);
  // More than one commit deletes.
  const { parent, proposer } = two.header;
  for (let number = 0; number < 300; number++) {
    const id = new Uint8Array(32).fill(1 + (number >> 8), 0, 16).fill(number % 256, 16);
    await database.commit([node.stores.blocks.putSide({ height: 1, id, parent, proposer, bodyBytes: 0 })]);
  }
  await node.reopen();
  expect(database.entries).toEqual(clean.entries);
});

test("drops an index entry of a canonical block at the start, but keeps the block", async () => {
  const database = new MemoryDatabase();
  const node = await testChain({ genesis, database });
  const tip = await node.maker.extend(node.maker.start(), 2);
  await node.addAll(tip);
  const { parent, proposer } = tip.header;
  const clean = database.copy();
  await database.commit([
    node.stores.blocks.putSide({ height: 2, id: tip.id, parent, proposer, bodyBytes: 0 }),
  ]);
  await node.reopen();
  expect(database.entries).toEqual(clean.entries);
});

describe("blocks of one proposer beside the canonical chain", () => {
  test("limits a proposer's side blocks in number, less where others build on them, and not if more than a third vote for them or a majority signs their chain", async () => {
    const { perProposer, neededFactor } = sideBlockLimits;
    const database = new MemoryDatabase();
    const node = await testChain({ genesis, database });
    const { maker, chain } = node;
    await node.addAll(await maker.extend(maker.start(), 2));
    const twin = (laterMs: number) => maker.block(maker.start(), { by: authorities[0]!, laterMs });
    let made = 0;
    const next = async () => (await twin(++made)).blocks[0]!;
    for (let at = 0; at < perProposer.blocks; at++) expect(await node.add(await next())).toBe("side");
    expect(await codeOf(node.add(await next()))).toBe("TOO_MANY_SIDE_BLOCKS");
    expect(await node.add((await maker.block(maker.start(), { by: authorities[3]! })).blocks[0]!)).toBe(
      "side",
    );
    for (let at = perProposer.blocks; at < neededFactor * perProposer.blocks; at++)
      expect(await chain.importBlock(await node.check(await next()), { needed: true })).toBe("side");
    expect(await codeOf(chain.importBlock(await node.check(await next()), { needed: true }))).toBe(
      "TOO_MANY_SIDE_BLOCKS",
    );
    expect(await chain.importBlock(await node.check(await next()), { votedFor: true })).toBe("side");
    const last = await next();
    expect(await codeOf(chain.importBlocks([await node.check(last)], { isOfMajority: false }))).toBe(
      "TOO_MANY_SIDE_BLOCKS",
    );
    await chain.importBlocks([await node.check(last)]);
    expect(sideKeys(database)).toHaveLength(neededFactor * perProposer.blocks + 3);

    const again = await node.reopen();
    expect(await codeOf(again.add(await next()))).toBe("TOO_MANY_SIDE_BLOCKS");
  });

  test("stores side blocks of one proposer up to a number of bytes", async () => {
    const roomy = await testGenesis(4, { maxBlockBytes: 2 ** 24, maxBlockTransactions: 2 ** 16 });
    const node = await testChain({ genesis: roomy });
    const { maker } = node;
    await node.addAll(await maker.extend(maker.start(), 2));
    const { perProposer } = sideBlockLimits;
    const largest = 2 ** 24;
    const transaction = await maker.transfer({});
    const sized = async (laterMs: number, bytes: number) => {
      const { blocks } = await maker.block(maker.start(), { by: authorities[0]!, laterMs });
      const one = await node.check(blocks[0]!);
      return { ...one, records: [{ transaction, bytes }] } as never;
    };
    let left = perProposer.bytes;
    for (; left > largest; left -= largest)
      expect(await node.chain.importBlock(await sized(left / largest, largest))).toBe("side");
    const last = await sized(100, left);
    expect(await node.chain.importBlock(last)).toBe("side");
    const small = await sized(101, 1);
    expect(await codeOf(node.chain.importBlock(small))).toBe("TOO_MANY_SIDE_BLOCKS");
    expect(await node.chain.importBlock(small, { needed: true })).toBe("side");
  });
});

test("a block that displaces the head by its lower id alone needs room beside the chain; one that extends or outweighs it does not", async () => {
  const node = await testChain({ genesis: await testGenesis(1) });
  const { maker } = node;
  const twins: Tip[] = [];
  for (let laterMs = 0; laterMs <= sideBlockLimits.perProposer.blocks + 1; laterMs++)
    twins.push(await maker.block(maker.start(), { laterMs }));
  twins.sort((a, b) => (a.idHex < b.idHex ? 1 : -1));
  const outcomes = [];
  for (const { blocks } of twins.slice(0, -1)) outcomes.push(await node.add(blocks[0]!));
  expect(new Set(outcomes)).toEqual(new Set(["head"]));
  expect(await codeOf(node.add(twins.at(-1)!.blocks[0]!))).toBe("TOO_MANY_SIDE_BLOCKS");
  const heavier = await maker.block(twins[0]!);
  expect(await node.add(heavier.blocks[1]!)).toBe("head");
  expect(await node.add((await maker.block(heavier)).blocks[2]!)).toBe("head");
});

describe("blocks of many proposers are stored up to a number and a size in all,", () => {
  const { inAll, neededFactor } = sideBlockLimits;
  const id = (number: number) => {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(0, number);
    return bytes;
  };

  /**
   * Makes an index that is full, with one block of each proposer. Returns whether it has room for one more of another.
   */
  async function full(times: number, bodyBytes: number) {
    const count = Math.min(times * inAll.blocks, (times * inAll.bytes) / bodyBytes);
    const sides = async function* () {
      for (let number = 0; number < count; number++)
        yield { height: 9, id: id(number), parent: id(0), proposer: id(number), bodyBytes };
    };
    const blocks = { sides, canonicalId: async () => undefined };
    const forks = await ForkBlocks.load({ blocks, database: new MemoryDatabase() } as never);
    expect([...forks.refs()]).toHaveLength(count);
    const header = { message: { parent: id(0), proposer: id(count) } };
    const next = { height: 9, id: id(count), header, records: [{ bytes: 1 }] } as never;
    return (needed: boolean) => () => forks.requireRoom(next, needed);
  }

  test.each([
    ["by number", 0],
    ["by size", 2 ** 22],
  ])("%s", async (_, bodyBytes) => {
    const some = await full(1, bodyBytes);
    expect(some(false)).toThrow("in all");
    expect(some(true)).not.toThrow();
    const most = await full(neededFactor, bodyBytes);
    expect(most(true)).toThrow("in all");
  });
});

test("the same blocks and certificates give the same head in any order and across restarts", async () => {
  const random = generator(7);
  for (let round = 0; round < 30; round++) {
    const maker = (await testChain({ genesis })).maker;
    const tips = [maker.start()];
    while (tips.length < 14) {
      const parent = tips[Math.floor(random() * tips.length)]!;
      const by = authorities[Math.floor(random() * 4)]!;
      const tip = await maker.block(parent, { by, laterMs: Math.floor(random() * 3) });
      const signedOf = (one: Tip) => one.blocks.slice(-3).map(({ header }) => header.message.proposer);
      if (new Set(signedOf(tip).map(String)).size === signedOf(tip).length) tips.push(tip);
    }
    const blocks = tips.slice(1);
    const roots = [1, 2].map(() => blocks[Math.floor(random() * blocks.length)]!);
    const certificates = await Promise.all(roots.map((tip, index) => certificate(start, tip, index + 1)));
    const heads = new Set<string>();
    for (let order = 0; order < 4; order++) {
      let node = await testChain({ genesis, database: new MemoryDatabase() });
      const waiting = new Set(blocks);
      let next = 0;
      while (waiting.size > 0 || next < 2) {
        const ready = [...waiting].filter(
          (tip) =>
            tip.header.height === 1 ||
            ![...waiting].some((one) => String(one.id) === String(tip.header.parent)),
        );
        const target = roots[next];
        if (target && !waiting.has(target) && random() < 0.5) await node.chain.justify(certificates[next++]!);
        const tip = ready[Math.floor(random() * ready.length)];
        if (tip && waiting.delete(tip)) await node.add(tip.blocks.at(-1)!);
        if (random() < 0.2) node = await node.reopen();
      }
      heads.add(node.chain.head.idHex);
    }
    expect(heads.size, `tree ${round}`).toBe(1);
  }
});

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
