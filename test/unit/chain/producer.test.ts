import { describe, expect, onTestFinished, test } from "vitest";
import type { Producer } from "../../../src/chain/producer.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import type { Transaction, TransactionRecord } from "../../../src/types/index.ts";
import { equalBytes, type Hex } from "../../../src/util/bytes.ts";
import type { ConfigChanges } from "../../chain-config.ts";
import { transactionRecord } from "../../transaction-record.ts";
import {
  authorities,
  codeOf,
  contentsOf,
  type TestChain,
  type TestSigner,
  testChain,
  testGenesis,
} from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase } from "../support/database.ts";
import { testProducer } from "../support/producer.ts";
import { signedVote, testFinalizer } from "../support/votes.ts";

/** Makes nodes of one chain, each with the producer of one authority; blocks reach the others at once. */
async function network(
  nodes: number,
  authorityCount: number,
  config: ConfigChanges = {},
  coming?: () => Hex[],
) {
  const clock = new ManualClock();
  const genesis = await testGenesis(authorityCount, config);
  const produced: { by: number; block: CanonicalBlock; atMs: number }[] = [];
  const pool: TransactionRecord[] = [];
  const included = (record: TransactionRecord) =>
    produced.some(({ block }) => block.records.some(({ idHex }) => idHex === record.idHex));
  const chains: TestChain[] = [];
  const producers: Producer[] = [];
  const deliveries: Promise<unknown>[] = [];
  clock.settle = async () => {
    for (const { chain } of chains) await chain.idle();
    while (deliveries.length > 0) await deliveries.shift();
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (let at = 0; at < nodes; at++) {
    const node = await testChain({ genesis, clock });
    chains.push(node);
    const producer = testProducer({
      chain: node.chain,
      signer: authorities[at]!,
      clock,
      transactions: {
        executable: () => pool.filter((record) => !included(record)),
        get hasExecutable() {
          return pool.some((record) => !included(record));
        },
      },
      ...(coming && { coming }),
    });
    node.chain.events.on("sealed", (block) => {
      produced.push({ by: at, block, atMs: clock.now() });
      const message = {
        header: block.header,
        transactions: block.records.map(({ transaction }) => transaction),
      };
      for (const other of chains) if (other !== node) deliveries.push(other.add(message));
    });
    producers.push(producer);
  }
  onTestFinished(() => {
    for (const producer of producers) producer.stop();
    expect(clock.pending).toBe(0);
  });
  const { maker } = chains[0]!;
  const send = (transaction: Transaction) => {
    pool.push(transactionRecord(transaction, maker.domain));
    for (const producer of producers) producer.onTransaction();
  };
  const enable = (...which: number[]) => {
    for (const at of which) producers[at]!.enabled = true;
  };
  return { clock, chains, producers, produced, maker, send, enable };
}

test("authorities that are all online make one block each period in turn, without competing blocks", async () => {
  const { clock, produced, enable, chains } = await network(3, 3);
  enable(0, 1, 2);
  await clock.advance(20_500);
  expect(produced.length).toBeGreaterThanOrEqual(20);
  for (const { block, by, atMs } of produced) {
    expect([block.height % 3, block.header.message.difficulty]).toEqual([by, 2]);
    expect(atMs).toBe(block.header.message.timestamp);
  }
  const times = produced.map(({ atMs }) => atMs);
  expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual(Array(times.length - 1).fill(1000));
  expect(new Set(chains.map(({ chain }) => chain.head.idHex)).size).toBe(1);
});

test("the next authority takes the turn of a missing one a step later, with the timestamp that was due", async () => {
  const { clock, produced, enable } = await network(3, 3);
  enable(0, 1);
  await clock.advance(30_500);
  const late = produced.filter(({ block }) => block.header.message.difficulty === 1);
  expect(late.length).toBeGreaterThan(5);
  // Nobody waits for the one that is there and may not sign.
  const waits = new Set(late.map(({ block, atMs }) => atMs - block.header.message.timestamp));
  expect(waits).toEqual(new Set([0, 500]));
  expect(new Set(produced.map(({ block }) => block.height)).size).toBe(produced.length);
});

test("an authority out of turn waits for a block that is on its way, but at most a period", async () => {
  let coming = true;
  let others = 0;
  const { clock, produced, enable } = await network(3, 3, {}, () => (coming ? [`0x${++others}`] : []));
  enable(0, 1);
  await clock.advance(10_500);
  const waits = (from: number) =>
    new Set(
      produced
        .slice(from)
        .map(
          ({ block: { header }, atMs }) => `${header.message.difficulty},${atMs - header.message.timestamp}`,
        ),
    );
  expect(waits(0)).toEqual(new Set(["2,0", "1,1000", "1,1500"]));
  coming = false;
  const first = produced.length + 1;
  await clock.advance(10_500);
  expect(waits(first)).toEqual(new Set(["2,0", "1,0", "1,500"]));
});

test("an authority that signed recently waits, and a chain without a majority halts", async () => {
  const { clock, produced, enable } = await network(1, 3);
  enable(0);
  await clock.advance(600_000);
  expect(produced).toHaveLength(1);
});

test("makes no block if it is no authority or not enabled", async () => {
  const { clock, produced, producers } = await network(4, 3);
  producers[3]!.enabled = true;
  producers[0]!.enabled = true;
  producers[0]!.enabled = false;
  await clock.advance(60_000);
  expect(produced).toHaveLength(0);
});

test("a halted chain resumes with one block, not with one of each authority", async () => {
  const { clock, produced, enable, producers } = await network(3, 3);
  enable(0, 1, 2);
  await clock.advance(3_500);
  for (const producer of producers) producer.enabled = false;
  await clock.advance(3_600_000);
  const before = produced.length;
  enable(0, 1, 2);
  await clock.advance(400);
  expect(produced).toHaveLength(before + 1);
  expect(produced.at(-1)!.block.header.message.difficulty).toBe(2);
});

describe("a quiet chain", () => {
  test("a quiet chain without empty blocks includes a transaction at once, and then rests", async () => {
    const { clock, produced, enable, maker, send } = await network(3, 3, { emptyBlockPeriodMs: 0 });
    enable(0, 1, 2);
    await clock.advance(60_000);
    expect(produced).toHaveLength(0);
    const sentAt = clock.now();
    send(await maker.transfer({}));
    await clock.advance(10_000);
    expect(produced.map(({ atMs, block }) => [atMs - sentAt, block.records.length])).toEqual([[0, 1]]);
    send(await maker.transfer({ nonce: 1 }));
    send(await maker.transfer({ nonce: 2 }));
    await clock.advance(10_000);
    expect(produced.map(({ block }) => block.records.length)).toEqual([1, 2]);
  });

  test("a quiet chain whose head does not become final makes series of blocks, in which each present authority signs", async () => {
    const { clock, produced, enable, maker, send } = await network(3, 4, { emptyBlockPeriodMs: 0 });
    enable(0, 1, 2);
    send(await maker.transfer({}));
    await clock.advance(29_000);
    expect(produced).toHaveLength(1);
    await clock.advance(30_000);
    expect(produced.at(-1)!.block.height).toBe(8);
    const firstMs = produced[0]!.block.header.message.timestamp;
    expect(produced[1]!.block.header.message.timestamp - firstMs).toBe(30_000);
    const lastMs = produced.at(-1)!.block.header.message.timestamp;
    await clock.advance(120_000);
    const next = produced.filter(({ block }) => block.height > 8);
    expect(next[0]!.block.header.message.timestamp - lastMs).toBe(60_000);
    expect(next.at(-1)!.block.height).toBe(16);
    for (const series of [produced.slice(1), next]) expect(new Set(series.map(({ by }) => by)).size).toBe(3);
  });

  test("a quiet chain whose head has become final rests", async () => {
    const { clock, chains, produced, enable, maker, send } = await network(1, 1, { emptyBlockPeriodMs: 0 });
    enable(0);
    send(await maker.transfer({}));
    await clock.advance(20_000);
    const { finalizer } = testFinalizer(chains[0]!);
    const { genesis } = maker;
    const inRound = (round: number) => ({ round, height: 1, block: produced[0]!.block.id });
    const start = { round: 0, height: 0, block: genesis.id };
    for (const [source, target] of [
      [start, inRound(1)],
      [inRound(1), inRound(2)],
    ] as const)
      await finalizer.addVote(await signedVote(authorities[0]!, genesis, source, target));
    expect(chains[0]!.chain.finalized.height).toBe(1);
    await clock.advance(600_000);
    expect(produced).toHaveLength(1);
  });

  test("a quiet chain with empty blocks makes them at their period, and includes a transaction earlier", async () => {
    const { clock, produced, enable, maker, send } = await network(3, 3, { emptyBlockPeriodMs: 30_000 });
    enable(0, 1, 2);
    await clock.advance(95_000);
    const times = produced.map(({ atMs }) => atMs);
    expect(times.slice(1).map((at, index) => at - times[index]!)).toEqual(
      Array(times.length - 1).fill(30_000),
    );
    const sentAt = clock.now();
    send(await maker.transfer({}));
    await clock.advance(1_000);
    expect([produced.at(-1)!.atMs, produced.at(-1)!.block.records.length]).toEqual([sentAt, 1]);
  });

  test("keeps trying while no waiting transaction can be executed, and includes one that can", async () => {
    const { clock, produced, enable, maker, send } = await network(1, 1, { emptyBlockPeriodMs: 0 });
    enable(0);
    send(await maker.transfer({ nonce: 5 }));
    await clock.advance(5_000);
    expect(produced).toHaveLength(0);
    send(await maker.transfer({ nonce: 0 }));
    await clock.advance(3_000);
    expect(produced.map(({ block }) => block.records.length)).toEqual([1]);
  });
});

test("makes no block from the future if a timer fires early or the clock is set back", async () => {
  const { clock, produced, enable } = await network(1, 1);
  const after = clock.after.bind(clock);
  clock.after = (delayMs, callback) => after(delayMs > 1 ? delayMs - 1 : delayMs, callback);
  enable(0);
  await clock.advance(5_100);
  expect(produced.length).toBeGreaterThan(4);
  clock.setBack(500);
  await clock.advance(5_000);
  expect(produced.length).toBeGreaterThan(7);
  expect(produced.filter(({ atMs, block }) => block.header.message.timestamp > atMs)).toEqual([]);
});

describe("produce", () => {
  async function ready(config: ConfigChanges = {}) {
    const database = new MemoryDatabase();
    const node = await testChain({ genesis: await testGenesis(1, config), database });
    const { chain, maker } = node;
    const produce = (
      records: TransactionRecord[],
      options: { allowEmpty?: boolean; parentId?: Uint8Array; signer?: TestSigner } = {},
    ) =>
      chain.produce({
        signer: authorities[0]!,
        parentId: chain.head.id,
        timestampMs: chain.head.header.message.timestamp + 1000,
        difficulty: 2,
        allowEmpty: false,
        select: () => records,
        ...options,
      });
    const records = async (nonces: number[], memoBytes = 0) =>
      Promise.all(
        nonces.map(async (nonce) =>
          transactionRecord(await maker.transfer({ nonce, memo: new Uint8Array(memoBytes) }), maker.domain),
        ),
      );
    return { node, database, produce, records };
  }

  test("fills a block by count and by bytes", async () => {
    const counted = await ready({ maxBlockTransactions: 3 });
    expect((await counted.produce(await counted.records([0, 1, 2, 3])))!.records).toHaveLength(3);
    const weighed = await ready({ maxBlockBytes: 1100 });
    const block = (await weighed.produce(await weighed.records([0, 1, 2, 3], 256)))!;
    expect(block.records).toHaveLength(2);
    const other = await testChain({ genesis: weighed.node.genesis });
    const transactions = block.records.map(({ transaction }) => transaction);
    expect(await other.add({ header: block.header, transactions })).toBe("head");
    expect(await contentsOf(other)).toEqual(await contentsOf(weighed.node));
  });

  test("skips transactions that cannot be executed", async () => {
    const { produce, records } = await ready();
    const block = (await produce(await records([3, 0, 7, 1])))!;
    expect(block.records.map(({ transaction }) => transaction.message.nonce)).toEqual([0, 1]);
  });

  test("makes an empty block only if that is allowed", async () => {
    const { node, produce, records } = await ready();
    const before = await contentsOf(node);
    expect(await produce(await records([9]))).toBeUndefined();
    expect(await contentsOf(node)).toEqual(before);
    expect((await produce([], { allowEmpty: true }))!.records).toEqual([]);
  });

  test("makes nothing if the head has moved", async () => {
    const { node, produce } = await ready();
    const parentId = node.chain.head.id;
    const importing = node.add((await node.maker.block(node.maker.start())).blocks[0]!);
    await importing;
    expect(await produce([], { allowEmpty: true, parentId })).toBeUndefined();
    expect(node.chain.head.height).toBe(1);
  });

  test("changes nothing if the signer or the disk fails", async () => {
    const { node, database, produce, records } = await ready();
    const before = await contentsOf(node);
    const refuses: TestSigner = {
      ...authorities[0]!,
      signHeader: () => Promise.reject(new Error("signed this height before")),
    };
    await expect(produce(await records([0]), { signer: refuses })).rejects.toThrow(
      "signed this height before",
    );
    expect(await contentsOf(node)).toEqual(before);
    database.failing = 1;
    expect(await codeOf(produce(await records([0])))).toBe("WRITE_FAILED");
    expect(await contentsOf(node)).toEqual(before);
    expect(await contentsOf(await node.reopen())).toEqual(before);
    const block = (await produce(await records([0])))!;
    expect(equalBytes(node.chain.head.id, block.id)).toBe(true);
  });
});

test("a producer whose signer fails tries again until it is stopped", async () => {
  const clock = new ManualClock();
  const node = await testChain({ genesis: await testGenesis(1), clock });
  let failures = 3;
  const signHeader = ({ root }: { root: Uint8Array }) =>
    failures-- > 0 ? Promise.reject(new Error("not now")) : authorities[0]!.sign(root);
  const producer = testProducer({ chain: node.chain, signer: { ...authorities[0]!, signHeader }, clock });
  producer.enabled = true;
  await clock.advance(3_100);
  expect(node.chain.head.height).toBe(1);
  failures = 1;
  await clock.advance(1_000);
  producer.stop();
  await clock.advance(5_000);
  expect(clock.pending).toBe(0);
});
