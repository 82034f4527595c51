import { expect, test } from "vitest";
import { keyRange, type keySpaces } from "../../../src/storage/key-spaces.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";
import {
  BlockMaker,
  codeOf,
  contentsOf,
  signer,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
  users,
} from "../support/chain.ts";
import { MemoryDatabase, toArray } from "../support/database.ts";

const genesis = await testGenesis();
const maker = new BlockMaker(genesis);
// The last one goes to an address that gets no account by it.
const nobody = { to: signer(900).publicKey, amount: 0n };
const transactions = await Promise.all(
  [{}, {}, nobody].map((transfer, nonce) => maker.transfer({ ...transfer, nonce })),
);
const ids = transactions.map((each) => transactionRecord(each, maker.domain).id);
const places = { height: 1, records: ids.map((id) => ({ id })) };
const one = await maker.block(maker.start(), { transactions });
const paid = [1_000_001n, 1_000_002n].map((balance, index) => ({ index, balance }));

type LaterChain = TestChain & { database: MemoryDatabase };

/** A chain on which the first block has been imported; its index waits. */
async function waitingChain(): Promise<LaterChain> {
  const database = new MemoryDatabase();
  const node = { ...(await testChain({ genesis, database, indexedLater: 3 })), database };
  await node.addAll(one);
  return node;
}

/** The number of entries of a space on disk. */
async function onDisk({ database }: LaterChain, space: keyof typeof keySpaces): Promise<number> {
  return (await toArray(database.iterate(keyRange(space)))).length;
}

async function historyOf({ chain }: Pick<TestChain, "chain">) {
  const account = chain.state.indexOf(users[1]!.publicKey);
  const entries = (await toArray(chain.history.entries(account, {}, { newestFirst: false }))).flat();
  return entries.map(({ index, balance }) => ({ index, balance }));
}

test("the index of a block is written a moment after it, and those of few transactions are written with it", async () => {
  const node = await waitingChain();
  expect(await onDisk(node, "transactionPlace")).toBe(0);
  expect(await onDisk(node, "accountEntry")).toBe(0);
  await node.clock.advance(1_000);
  expect(await onDisk(node, "waitingBlock")).toBe(0);
  expect(await onDisk(node, "transactionPlace")).toBe(3);
  const commits = node.database.commits;
  const few = [await maker.transfer({ nonce: 3 })];
  await node.addAll(await maker.block(one, { transactions: few }));
  expect(await onDisk(node, "transactionPlace")).toBe(4);
  expect([node.database.commits - commits, node.clock.pending]).toEqual([1, 0]);
});

test("a reader of an index finds what the newest block did", async () => {
  const reads: ((node: TestChain) => Promise<unknown>)[] = [
    async ({ chain }) => expect(await chain.reader.transaction(ids[1]!)).toMatchObject({ index: 1 }),
    async ({ chain }) => expect((await chain.reader.transactions(ids)).size).toBe(3),
    async ({ stores }) => expect(await stores.places.has(places)).toBe(true),
    async (node) => expect(await historyOf(node)).toEqual(paid),
    async ({ chain }) =>
      expect(await chain.history.balanceAt(chain.state.indexOf(users[1]!.publicKey), 1)).toBe(1_000_002n),
  ];
  for (const read of reads) {
    const node = await waitingChain();
    const { commits } = node.database;
    await Promise.all([read(node), read(node)]);
    expect([node.database.commits - commits, await onDisk(node, "waitingBlock")]).toEqual([1, 0]);
  }
});

test("a start writes the index that the last process had not written yet", async () => {
  const expected = await testChain({ genesis });
  await expected.addAll(one);
  for (const crash of ["before", "during"] as const) {
    const node = await waitingChain();
    if (crash === "during") {
      node.database.failing = 1;
      expect(await codeOf(node.chain.close())).toBe("WRITE_FAILED");
    }
    const again = await node.reopen();
    expect(await onDisk(node, "waitingBlock")).toBe(0);
    expect(await historyOf(again)).toEqual(paid);
    expect(await contentsOf(again)).toEqual(await contentsOf(expected));
  }
});

test("a start without the transactions of the block that waits says that the database is damaged", async () => {
  const node = await waitingChain();
  await node.database.commit(
    (await toArray(node.database.iterate(keyRange("body")))).map(([key]) => ({ key, value: undefined })),
  );
  await expect(node.reopen()).rejects.toThrow(/damaged.*not indexed yet are missing/);
});

test("the next block waits for the index of the last one, and a closed chain has all its indexes", async () => {
  const node = await waitingChain();
  const more = await Promise.all([3, 4, 5].map((nonce) => maker.transfer({ nonce })));
  const two = await maker.block(one, { transactions: more });
  await node.add(two.blocks[1]!);
  expect(await onDisk(node, "transactionPlace")).toBe(3);
  await node.chain.close();
  expect(await onDisk(node, "transactionPlace")).toBe(6);
  expect(node.clock.pending).toBe(0);
});

test("a reorganization leaves nothing of a block whose index waits", async () => {
  const node = await waitingChain();
  const other = await branch(one);
  await node.addAll(other);
  const fresh = await testChain({ genesis });
  await fresh.addAll(other);
  expect(node.chain.head.idHex).toBe(other.idHex);
  expect(await contentsOf(node)).toEqual(await contentsOf(fresh));
  expect(await node.chain.reader.transaction(ids[0]!)).toBeUndefined();
});

test("a block that could not be written leaves no index to be written", async () => {
  const database = new MemoryDatabase();
  const node = { ...(await testChain({ genesis, database, indexedLater: 3 })), database };
  database.failing = 1;
  expect(await codeOf(node.add(one.blocks[0]!))).toBe("WRITE_FAILED");
  await node.chain.importBlocks([await node.check((await maker.block(maker.start())).blocks[0]!)]);
  await node.chain.close();
  expect(await onDisk(node, "transactionPlace")).toBe(0);
});

test("blocks of a download are written together with their indexes", async () => {
  const database = new MemoryDatabase();
  const node = { ...(await testChain({ genesis, database, indexedLater: 1 })), database };
  await node.chain.importBlocks([await node.check(one.blocks[0]!)]);
  expect(await onDisk(node, "transactionPlace")).toBe(3);
  expect([node.clock.pending, toHex(node.chain.head.id)]).toEqual([0, one.idHex]);
});

/** A heavier branch without the transactions of `tip`. */
async function branch(tip: Tip): Promise<Tip> {
  return maker.extend(await maker.block(maker.start(), { laterMs: 1 }), tip.blocks.length);
}
