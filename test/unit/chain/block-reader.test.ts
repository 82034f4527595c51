import { describe, expect, test } from "vitest";
import { BlockReader } from "../../../src/chain/block-reader.ts";
import type { BlockTree } from "../../../src/chain/block-tree.ts";
import type { ChainStores } from "../../../src/chain/stores.ts";
import type { WeightedHeader } from "../../../src/chain/types.ts";
import { transactionsPerPart } from "../../../src/storage/bodies.ts";
import { keyOf } from "../../../src/storage/key-spaces.ts";
import {
  authorities,
  codeOf,
  signer,
  type TestChain,
  type Tip,
  testChain,
  testGenesis,
} from "../support/chain.ts";

const genesis = await testGenesis(3);
const nobody = new Uint8Array(32).fill(9);

/** Two blocks, of which the second holds three transfers, and a block without any beside it. */
async function written() {
  const node = await testChain({ genesis });
  const { maker, chain } = node;
  const transactions = await Promise.all([
    maker.transfer({}),
    maker.transfer({ nonce: 1, to: signer(50).publicKey }),
    maker.transfer({ from: 1 }),
  ]);
  const one = await maker.block(maker.start());
  const two = await maker.block(one, { transactions });
  await node.addAll(two);
  const side = await maker.block(one, { by: authorities[0]!, transactions: transactions.slice(2) });
  await node.add(side.blocks[1]!);
  expect(chain.head.idHex).toBe(two.idHex);
  const { records } = await node.check(two.blocks[1]!);
  return { ...node, reader: chain.reader, one, two, side, records };
}

const forget = ({ database }: TestChain, space: "body" | "undo", { id }: Tip) =>
  database.commit([{ key: keyOf(space, id), value: undefined }]);

describe("blocks", () => {
  test("reads blocks by id, with their transactions and whether they are canonical, and by height", async () => {
    const { reader, maker, add, one, two, side, records } = await written();
    expect(await reader.accountsRoot(one.id)).toEqual(one.state().accountsRoot());
    expect(await reader.byId(two.id)).toMatchObject({ height: 2, idHex: two.idHex, canonical: true });
    expect((await reader.byId(two.id))!.records.map(({ idHex }) => idHex)).toEqual(
      records.map(({ idHex }) => idHex),
    );
    expect(await reader.byId(side.id)).toMatchObject({ height: 2, canonical: false });
    const higher = await maker.block(side, { by: authorities[1]! });
    expect(await add(higher.blocks[2]!)).toBe("side");
    expect(await reader.byId(higher.id)).toMatchObject({ height: 3, canonical: false });
    expect(await reader.byId(nobody)).toBeUndefined();
    expect([await reader.canonicalId(2), await reader.canonicalId(3)]).toEqual([two.id, undefined]);
    expect(await reader.byId(genesis.id)).toMatchObject({
      idHex: genesis.idHex,
      records: [],
      canonical: true,
    });
    expect(await reader.genesis()).toEqual(genesis.block);
  });

  test("canonical blocks have transactions and undo records; a block of another branch may have been deleted", async () => {
    const node = await written();
    const { reader, chain, two, side } = node;
    const head = await chain.tree.require(two.id);
    await forget(node, "body", side);
    expect(await reader.byId(side.id)).toBeUndefined();
    await forget(node, "body", two);
    expect(await codeOf(reader.byId(two.id))).toBe("DAMAGED");
    expect(await codeOf(reader.canonicalBlock(head))).toBe("DAMAGED");
    expect(await reader.undo(two.id)).toMatchObject({ accounts: 4 });
    await forget(node, "undo", two);
    expect(await codeOf(reader.undo(two.id))).toBe("DAMAGED");
    const name = new TextEncoder().encode("genesis");
    await node.database.commit([{ key: keyOf("meta", name), value: undefined }]);
    expect(await codeOf(reader.genesis())).toBe("DAMAGED");
  });

  test("returns no block above the head, even if one is on disk", async () => {
    const { reader, database, stores, one, two } = await written();
    await database.commit([stores.blocks.setCanonical({ height: 3, id: one.id, timestamp: 0 })]);
    expect(await reader.canonicalId(2)).toEqual(two.id);
    expect(await reader.canonicalId(3)).toBeUndefined();
  });

  test("lists blocks downwards and upwards", async () => {
    const { reader, one, two } = await written();
    expect(await reader.refsDown(2, 2)).toEqual([
      { height: 2, id: two.id },
      { height: 1, id: one.id },
    ]);
    expect(await reader.idsDown(1, 5)).toEqual([one.id, genesis.id]);
    expect(await reader.idsUp(1, 5)).toEqual([one.id, two.id]);
  });

  test("reads summaries of blocks on every branch", async () => {
    const { chain, reader, side, two, stores } = await written();
    for (const [{ id, idHex, totalDifficulty }, transactionCount] of [
      [two, 3],
      [side, 1],
    ] as const) {
      const bodyBytes = (await stores.blocks.bodyBytes(id))!.length;
      const expected = { height: 2, id, idHex, totalDifficulty, transactionCount, bodyBytes };
      expect(await chain.tree.get(id)).toMatchObject(expected);
    }
    expect(await chain.tree.get(nobody)).toBeUndefined();
    const { length } = (await reader.body(two.id))!;
    expect(await reader.readBytesAt(2, [1, 0])).toBe(length);
    expect(await reader.readBytesAt(3, [0])).toBe(0);
  });
});

describe("transactions", () => {
  test("finds transactions by id if they are in a canonical block", async () => {
    const { reader, two, records } = await written();
    for (const [index, { id, idHex }] of records.entries())
      expect(await reader.transaction(id)).toMatchObject({
        record: { idHex },
        block: { idHex: two.idHex },
        index,
      });
    expect(await reader.transaction(nobody)).toBeUndefined();
    const found = await reader.transactions([records[2]!.id, nobody, records[0]!.id]);
    expect([...found].map(([idHex, { index }]) => [idHex, index])).toEqual([
      [records[0]!.idHex, 0],
      [records[2]!.idHex, 2],
    ]);
  });

  test("tells transactions apart whose ids begin alike, and reads each block once", async () => {
    const { reader, stores, records } = await written();
    const places = [
      { height: 9, index: 0 },
      { height: 2, index: 1 },
      { height: 2, index: 0 },
    ];
    stores.places.find = async () => places;
    const reads: string[] = [];
    const encodedTransactions = stores.blocks.encodedTransactions.bind(stores.blocks);
    stores.blocks.encodedTransactions = (places) => {
      reads.push(`${places.map(({ index }) => index)}`);
      return encodedTransactions(places);
    };
    expect(await reader.placesOf(records[0]!.id)).toEqual(places);
    expect(await reader.transaction(records[0]!.id)).toMatchObject({ index: 0 });
    expect(await reader.transaction(records[2]!.id)).toBeUndefined();
    reads.length = 0;
    const ids = records.map(({ id }) => id);
    expect([...(await reader.transactions(ids)).keys()]).toEqual([records[0]!.idHex, records[1]!.idHex]);
    expect(reads).toEqual(["0,1"]);
  });

  test("reads transactions by their places, and skips places that do not exist", async () => {
    const { reader, records } = await written();
    const found = await reader.transactionsAt(2, [2, 7, 0]);
    expect(found.map(({ record, index }) => [record.idHex, index])).toEqual([
      [records[0]!.idHex, 0],
      [records[2]!.idHex, 2],
    ]);
    expect(await reader.transactionsAt(3, [0])).toEqual([]);
  });
});

test("reads whole parts of a block, counted by their transactions, for some of them", async () => {
  const id = new Uint8Array(32);
  const read = (transactionCount: number, indexes: number[]) => {
    const stores = { blocks: { canonicalId: async () => id } } as unknown as ChainStores;
    const tree = { get: async () => ({ transactionCount, bodyBytes: 1_000 }) } as unknown as BlockTree;
    const options = { head: () => ({ height: 1 }) as WeightedHeader, pause: async () => undefined };
    return new BlockReader(stores, tree, genesis, options).readBytesAt(1, indexes);
  };
  expect(await read(0, [])).toBe(0);
  expect(await read(4 * transactionsPerPart, [0, transactionsPerPart - 1])).toBe(250);
  expect(await read(4 * transactionsPerPart, [0, transactionsPerPart])).toBe(500);
  expect(await read(1, [0])).toBe(1_000);
});
