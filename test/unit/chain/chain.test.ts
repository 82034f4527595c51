import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type ChainOptions, untimed } from "../../../src/chain/assemble.ts";
import type { BlockPlan } from "../../../src/chain/build-block.ts";
import { Chain } from "../../../src/chain/chain.ts";
import { sideBlockLimits } from "../../../src/chain/fork-blocks.ts";
import { Ledger } from "../../../src/chain/ledger.ts";
import { productRules } from "../../../src/chain/rules.ts";
import { chainStores } from "../../../src/chain/stores.ts";
import type { CanonicalBlock } from "../../../src/chain/types.ts";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import type { AccountState } from "../../../src/state/index.ts";
import type { Write } from "../../../src/storage/database.ts";
import { Indexer } from "../../../src/storage/indexer.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import type { Checkpoint, TransactionRecord } from "../../../src/types/index.ts";
import { type Logger, silentLogger } from "../../../src/util/logger.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { accountsWith, stateOf } from "../state/accounts.ts";
import {
  authorities,
  codeOf,
  contentsOf,
  type TestChain,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { ManualClock } from "../support/clock.ts";
import { MemoryDatabase } from "../support/database.ts";

const genesis = await testGenesis(1);
const pause = async () => undefined;

const planOf = ({ chain }: Pick<TestChain, "chain">, options: Partial<BlockPlan> = {}): BlockPlan => ({
  signer: authorities[0]!,
  parentId: chain.head.id,
  timestampMs: chain.head.header.message.timestamp + 1000,
  difficulty: 2,
  allowEmpty: true,
  select: () => [],
  ...options,
});

test("a block is sent as soon as it is sealed, before its writes are put together", async () => {
  const order: string[] = [];
  const pause = async () => void order.push("pause");
  const node = await testChain({ genesis, chain: { pause } });
  node.chain.events.on("sealed", () => order.push("sealed"));
  const pendingWrites = vi.spyOn(Ledger.prototype, "pendingWrites");
  onTestFinished(() => pendingWrites.mockRestore());
  pendingWrites.mockImplementationOnce(async () => {
    order.push("writes");
    return [];
  });
  await node.chain.produce(planOf(node));
  expect(order.slice(order.indexOf("sealed"), order.indexOf("writes"))).toEqual(["sealed", "pause"]);
});

test("a block that this node has sealed is found once it is on disk, and others at once", async () => {
  const database = new MemoryDatabase();
  const node = await testChain({ genesis, database });
  const written = Promise.withResolvers<void>();
  const sealed = Promise.withResolvers<CanonicalBlock>();
  database.beforeCommit = () => written.promise;
  node.chain.events.on("sealed", sealed.resolve);
  const producing = node.chain.produce(planOf(node));
  const { id, idHex } = await sealed.promise;
  expect(node.chain.sealed?.idHex).toBe(idHex);
  const heard: string[] = [];
  node.chain.events.on("head", ({ applied }) =>
    heard.push(...applied.map((block) => `applied ${block.idHex}`)),
  );
  node.chain.events.on("imported", (block) => heard.push(`imported ${block.idHex}`));
  const finding = node.chain.find(id);
  expect((await node.chain.find(genesis.id))?.height).toBe(0);
  written.resolve();
  expect((await finding)?.idHex).toBe(idHex);
  expect((await producing)?.idHex).toBe(idHex);
  expect(heard).toEqual([`applied ${idHex}`, `imported ${idHex}`]);
  expect(node.chain.sealed).toBeUndefined();
});

test("a block is looked for on the disk unless its height shows that it is not there", async () => {
  const node = await testChain({ genesis: await testGenesis(3) });
  const { chain, maker } = node;
  const start = maker.start();
  const head = await maker.block(start);
  const lower = await maker.block(start, { by: authorities[2]! });
  // Two blocks out of turn weigh as much as one in turn, and of these the lower one wins.
  const higher = await maker.block(lower, { by: authorities[0]! });
  for (const tip of [head, lower, higher]) await node.add(tip.blocks.at(-1)!);
  expect(chain.head.idHex).toBe(head.idHex);
  const reading = vi.spyOn(node.stores.blocks, "header");
  for (const { idHex, id, header } of [head, lower, higher]) {
    chain.tree.forget(idHex);
    expect(await chain.find(id, header.height)).toMatchObject({ idHex });
  }
  expect(reading).toHaveBeenCalledTimes(3);
  const next = await maker.block(higher);
  for (const tip of [next, await maker.block(head)])
    expect(await chain.find(tip.id, tip.header.height)).toBeUndefined();
  expect(reading).toHaveBeenCalledTimes(3);
  const rival = await maker.block(start, { laterMs: 5 });
  expect(await chain.find(rival.id, 1)).toBeUndefined();
  expect(reading).toHaveBeenCalledTimes(4);
});

test("a header may follow the head if it keeps the rules", async () => {
  const { chain, maker } = await testChain({ genesis });
  const next = await maker.block(maker.start());
  const { header } = next.blocks[0]!;
  expect(chain.mayFollow(header)).toBe(true);
  expect(chain.mayFollow((await maker.block(next)).blocks[1]!.header)).toBe(false);
  expect(() => chain.mayFollow({ ...header, message: undefined! })).toThrow(TypeError);
});

test("tells no accounts after a block of another branch", async () => {
  const node = await testChain({ genesis });
  const { chain, maker } = node;
  const [best, side] = [
    await maker.extend(maker.start(), 2),
    await maker.block(maker.start(), { laterMs: 5 }),
  ];
  for (const tip of [best, side]) await node.addAll(tip);
  const count = async (id: Uint8Array) =>
    chain.accountsAfter((await chain.find(id))!, (accounts) => accounts.count);
  expect(await count(side.id)).toBeUndefined();
  expect(await chain.reader.canonicalId(2)).toEqual(best.id);
  expect(await chain.reader.canonicalId(3)).toBeUndefined();
  expect(await count(best.id)).toBe(chain.state.count);
});

test("a download that no majority has signed has the room of blocks that others build on", async () => {
  const node = await testChain({ genesis });
  const { chain, maker } = node;
  await node.addAll(await maker.extend(maker.start(), 2));
  const side = async (at: number) => (await maker.block(maker.start(), { laterMs: 10 + at })).blocks[0]!;
  for (let at = 0; at < sideBlockLimits.perProposer.blocks; at++) await node.add(await side(at));
  expect(await codeOf(node.add(await side(100)))).toBe("TOO_MANY_SIDE_BLOCKS");
  const downloaded = [await node.check(await side(100))];
  expect(await codeOf(chain.importBlocks(downloaded, { isOfMajority: false }))).toBe("no error");
  expect(await chain.find(downloaded[0]!.id)).toBeDefined();
});

test("a chain that is opened in one step has its participants", async () => {
  const { database, stores } = await testChain({ genesis });
  const names: string[] = [];
  const participant = {
    prepare: async () => () => {
      names.push("prepared");
      return { writes: [], applied: () => void names.push("applied") };
    },
    prepareFinal: () => ({ writes: [], applied: () => undefined }),
  };
  const clock = new ManualClock();
  const options: ChainOptions = {
    ...{ genesis, stores, clock, pause, logger: silentLogger, seed: new Uint8Array(8) },
    ...{ rules: productRules, verify: verifySignatures, startTimer: untimed },
  };
  const chain = await Chain.open(options, [participant]);
  expect(await chain.produce(planOf({ chain }))).toBeDefined();
  expect(names).toEqual(["prepared", "applied"]);
  const again = await Chain.open({ ...options, stores: chainStores(database) }, []);
  expect(again.head.idHex).toBe(chain.head.idHex);
});

test("each final block is logged once for people, and the rounds that confirm it for debugging", async () => {
  const lines: [string, object][] = [];
  const log = (level: string) => (fields: object) => void lines.push([level, fields]);
  const logger = { ...silentLogger, info: log("info"), debug: log("debug") } as Logger;
  const { chain, addAll, maker } = await testChain({ genesis, chain: { logger } });
  const tip = await maker.block(maker.start());
  await addAll(tip);
  const final = (round: number) => ({ round, height: 1, block: tip.id });
  const rounds = [{ ...final(0), height: 0, block: genesis.id }, ...[1, 2, 3].map(final)];
  for (const [at, target] of rounds.slice(1).entries())
    await chain.justify({ link: { source: rounds[at]!, target }, voters: [], signatures: [] });
  const fields = { height: 1, id: tip.idHex };
  expect(lines).toEqual([
    ["info", { ...fields, round: 1 }],
    ["debug", { ...fields, round: 2 }],
  ]);
});

test("knows the accounts whose addresses were checked when they were created", async () => {
  const { chain } = await testChain({ genesis });
  const isAccount = [...users.slice(0, 4), authorities[0]!].map(({ publicKey }) =>
    chain.checks.isAccount(publicKey),
  );
  expect(isAccount).toEqual([true, true, true, false, false]);
});

test("a block that is noted as invalid is refused from then on", async () => {
  const { chain, maker, add, check } = await testChain({ genesis });
  const tip = await maker.block(maker.start());
  expect(chain.isInvalid(tip.idHex)).toBe(false);
  chain.noteInvalid(tip.id);
  expect(chain.isInvalid(tip.idHex)).toBe(true);
  expect(await codeOf(add(tip.blocks[0]!))).toBe("KNOWN_INVALID");
  expect(await codeOf(chain.importBlocks([await check(tip.blocks[0]!)]))).toBe("KNOWN_INVALID");
});

test("a block above the limits, which its header's signer chose, is refused by name afterwards", async () => {
  const small = await testGenesis(1, { maxBlockTransactions: 1 });
  const { chain, maker, add, check } = await testChain({ genesis: small });
  const transactions = [await maker.transfer({}), await maker.transfer({ nonce: 1 })];
  const tip = await maker.block(maker.start(), { transactions });
  expect(await codeOf(chain.importBlocks([await check(tip.blocks[0]!)]))).toBe("TOO_MANY_TRANSACTIONS");
  const other = await maker.block(maker.start(), { transactions, laterMs: 1 });
  expect(await codeOf(add(other.blocks[0]!))).toBe("TOO_MANY_TRANSACTIONS");
  expect([tip, other].map(({ idHex }) => chain.isInvalid(idHex))).toEqual([true, true]);
});

test("the stages of imports and productions are timed", async () => {
  const stages: string[] = [];
  const startTimer = (operation: string) => (stage: string) => void stages.push(`${operation} ${stage}`);
  const node = await testChain({ genesis, chain: { startTimer } });
  const { chain, maker } = node;
  const timed = async (run: () => Promise<unknown>) => {
    stages.length = 0;
    await run();
    return stages.map((stage) => stage.replace("import ", "")).join(" ");
  };
  const one = await maker.block(maker.start());
  const three = await maker.extend(one, 2);
  expect(await timed(() => node.add(one.blocks[0]!))).toBe("check execute hash commit total");
  const blocks = await Promise.all(three.blocks.slice(1).map(node.check));
  const twice = "execute hash execute hash";
  expect(await timed(() => chain.importBlocks(blocks))).toBe(`check ${twice} commit total`);
  const beside = await maker.block(maker.start(), { laterMs: 5 });
  expect(await timed(() => node.add(beside.blocks[0]!))).toBe("check");
  expect(await timed(() => chain.produce(planOf(node)))).toBe(
    ["execute", "hash", "sign", "commit", "total"].map((stage) => `produce ${stage}`).join(" "),
  );
  const unwanted = planOf(node, { allowEmpty: false });
  expect(await timed(() => chain.produce(unwanted))).toBe("");
});

describe("making a block", () => {
  test("lets other work run after every 1,024 transactions that it tries", async () => {
    let pauses = 0;
    const node = await testChain({ genesis, chain: { pause: async () => void pauses++ } });
    const { maker, chain } = node;
    const unfit = transactionRecord(await maker.transfer({ nonce: 7 }), maker.domain);
    const pausesFor = async (count: number) => {
      pauses = 0;
      const block = await chain.produce(planOf(node, { select: () => Array(count).fill(unfit) }));
      expect(block?.records).toEqual([]);
      return pauses;
    };
    const least = await pausesFor(0);
    const more = [];
    for (const count of [1023, 1024, 2047, 2048]) more.push((await pausesFor(count)) - least);
    expect(more).toEqual([0, 1, 1, 2]);
  });

  test("fills it to the last byte", async () => {
    const { maker } = await testChain({ genesis });
    const memo = new Uint8Array(256);
    const { length } = transactionRecord(await maker.transfer({ memo }), maker.domain).encoded;
    for (const [spare, count] of [
      [0, 3],
      [-1, 2],
    ] as const) {
      const node = await testChain({ genesis: await testGenesis(1, { maxBlockBytes: 3 * length + spare }) });
      const records: TransactionRecord[] = [];
      for (const nonce of [0, 1, 2, 3])
        records.push(transactionRecord(await node.maker.transfer({ nonce, memo }), node.maker.domain));
      const block = await node.chain.produce(planOf(node, { select: () => records }));
      expect(block?.records).toHaveLength(count);
    }
  });
});

test("a result is announced once, with what is final by then", async () => {
  const node = await testChain({ genesis });
  const { chain, maker } = node;
  const tip = await maker.block(maker.start());
  await node.addAll(tip);
  const heard: number[][] = [];
  chain.events.on("finality", ({ justified, finalized }) => heard.push([justified.round, finalized.round]));
  const at = (round: number) => ({ round, height: 1, block: tip.id });
  const start = { round: 0, height: 0, block: genesis.id };
  const certify = (source: Checkpoint, target: Checkpoint) =>
    chain.justify({ link: { source, target }, voters: [], signatures: [] });
  await certify(start, at(1));
  await certify(start, at(1));
  await certify(at(1), at(2));
  expect(heard).toEqual([
    [1, 0],
    [2, 1],
  ]);
  expect([chain.justified.round, chain.finalized.round]).toEqual([2, 1]);
  expect(await chain.lacksProof({ source: start, target: at(1) })).toBe(false);
});

test("the head follows the justified block without the invalid end of its branch, and not to an invalid one", async () => {
  const edit = { stateRoot: new Uint8Array(32) };
  for (const isInvalid of [false, true]) {
    const { chain, maker, addAll } = await testChain({ genesis });
    const head = await maker.extend(maker.start(), 3);
    await addAll(head);
    const justified = await maker.block(maker.start(), { laterMs: 5, ...(isInvalid && { edit }) });
    const end = isInvalid ? justified : await maker.block(justified, { edit });
    await addAll(end);
    expect(chain.head.idHex).toBe(head.idHex);
    const target = { round: 1, height: 1, block: justified.id };
    const link = { source: { round: 0, height: 0, block: genesis.id }, target };
    const code = await codeOf(chain.justify({ link, voters: [], signatures: [] }));
    expect(code).toBe(isInvalid ? "WRONG_STATE_ROOT" : "no error");
    expect(chain.head.idHex).toBe(isInvalid ? head.idHex : justified.idHex);
    expect(chain.isInvalid(end.idHex)).toBe(true);
  }
});

test("the transactions of a retracted block are in no index any more, for sender and receiver", async () => {
  const node = await testChain({ genesis });
  const { maker } = node;
  const transactions = [
    await maker.transfer({ from: 1, to: users[2]!.publicKey }),
    await maker.transfer({ from: 2, to: users[3]!.publicKey }),
  ];
  await node.addAll(await maker.block(maker.start(), { transactions }));
  const better = await maker.extend(await maker.block(maker.start(), { laterMs: 5 }), 1);
  await node.addAll(better);
  const plain = await testChain({ genesis });
  await plain.addAll(better);
  expect(await contentsOf(node)).toEqual(await contentsOf(plain));
});

test("a better branch that cannot be read is damage, and not invalid", async () => {
  const node = await testChain({ genesis });
  const { chain, maker, add, addAll } = node;
  const head = await maker.extend(maker.start(), 2);
  await addAll(head);
  const side = await maker.block(maker.start(), { laterMs: 5 });
  await add(side.blocks[0]!);
  await node.database.commit([{ key: keyOf("body", side.id), value: undefined }]);
  const better = await maker.extend(side, 2);
  const codes = [];
  for (const block of better.blocks.slice(1)) codes.push(await codeOf(add(block)));
  expect(codes).toContain("DAMAGED");
  expect([chain.head.idHex, chain.isInvalid(side.idHex)]).toEqual([head.idHex, false]);
  expect(await chain.tree.get(side.id)).toBeDefined();
});

test("changed accounts are prepared for the disk 4,096 at a time, and removed ones are deleted", async () => {
  let pauses = 0;
  const calls: number[][] = [];
  const accounts = {
    putAll: ({ length }: Uint32Array) => {
      calls.push([length]);
      return [];
    },
    truncate: (end: number, { count }: AccountState) => {
      calls.push([end, count]);
      return [];
    },
  };
  const indexer = new Indexer(new MemoryDatabase());
  const state = stateOf(accountsWith(...Array.from({ length: 5_000 }, () => 1n)));
  const ledger = new Ledger(state, { accounts, indexer } as never, productRules, async () => void pauses++);
  expect(await ledger.pendingWrites()).toEqual([]);
  for (let index = 0; index < 5_000; index++) state.set(index, 2n, 0);
  await ledger.pendingWrites();
  expect([calls, pauses]).toEqual([[[4_096], [904]], 2]);
  ledger.settle();
  calls.length = 0;
  state.truncate(4_990);
  await ledger.pendingWrites();
  expect(calls).toEqual([[5_000, 4_990]]);
});

describe("accounts on disk are rewritten as pages", () => {
  function* pagesOf(count: number): Generator<Write[], void> {
    for (let page = 0; page < count; page++)
      yield [{ key: Uint8Array.of(200, page), value: Uint8Array.of(page) }];
  }

  test("eight in a commit, until there are none", async () => {
    const database = new MemoryDatabase();
    const ledger = new Ledger(stateOf(accountsWith(1n)), { database } as never, productRules, pause);
    const pages = pagesOf(19);
    const sizes = [];
    for (;;) {
      const more = await ledger.writePages(pages);
      sizes.push(database.entries.size);
      if (!more) break;
    }
    expect(sizes).toEqual([8, 16, 19, 19]);
  });

  test("all of them, or those until it is stopped", async () => {
    const database = new MemoryDatabase();
    const node = await testChain({ genesis, database });
    node.stores.accounts.fold = () => pagesOf(19);
    const before = database.entries.size;
    const stopped = new AbortController();
    let commits = 0;
    database.beforeCommit = async () => {
      if (++commits === 2) stopped.abort();
    };
    await node.chain.foldAccounts(stopped.signal);
    expect(database.entries.size - before).toBe(16);
    await node.chain.foldAccounts(new AbortController().signal);
    expect(database.entries.size - before).toBe(19);
    database.beforeCommit = () => expect.fail("nothing is written after a stop");
    await node.chain.foldAccounts(stopped.signal);
  });
});
