import { digest64 } from "@chainsafe/persistent-merkle-tree";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { balanceCount, balancesOf } from "../../../src/types/genesis.ts";
import {
  authorityVote,
  computeDomain,
  decodeCompactBlock,
  isSafeCount,
  noVote,
  parameterName,
  parameterNames,
  parameterVote,
  rootOf,
  shortIdAt,
  shortIdCount,
  signingRoot,
  slotOf,
  Transaction,
  Transactions,
  Transfer,
  transactionBranch,
  transactionsRoot,
  zero32,
} from "../../../src/types/index.ts";
import { slotStartMs } from "../../../src/types/slot.ts";
import {
  decodeRecords,
  encodeRecords,
  shortKeyOf,
  signatureSet,
  splitTransactions,
  transactionCount,
} from "../../../src/types/transaction-records.ts";
import { equalBytes, toBinary } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { testGenesis } from "../support/chain.ts";
import { plainTransaction } from "./record-fields.ts";

const id = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

test("a slot is a length of time, counted from 1970 on", () => {
  expect([0, 999, 1_000, 1_999, 2_500].map((timeMs) => slotOf(timeMs, 1_000))).toEqual([0, 0, 1, 1, 2]);
  expect([0, 1, 3].map((slot) => slotStartMs(slot, 250))).toEqual([0, 250, 750]);
});

test("a count is a whole number from 0 to 2^53 - 1", () => {
  const most = Number.MAX_SAFE_INTEGER;
  expect([0, 1, most].map(isSafeCount)).toEqual([true, true, true]);
  expect([-1, most + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY].some(isSafeCount)).toBe(false);
});

test("a domain begins with the bytes of its type and ends with the first 28 of the genesis id", () => {
  const genesisId = Uint8Array.from({ length: 32 }, (_, at) => at + 100);
  for (const [type, byte] of [
    ["genesis", 0],
    ["transaction", 1],
    ["header", 2],
    ["finalityVote", 3],
  ] as const)
    expect(computeDomain(type, genesisId)).toEqual(
      Uint8Array.of(byte, 0, 0, 0, ...genesisId.subarray(0, 28)),
    );
  expect(signingRoot(id(1), id(2))).toEqual(digest64(id(1), id(2)));
});

test("a root has memory of its own", () => {
  const pool = new Uint8Array(64).fill(3);
  const root = rootOf({ hashTreeRoot: () => pool.subarray(0, 32) }, undefined);
  expect(root).toEqual(id(3));
  expect(root.buffer.byteLength).toBe(32);
});

test("each parameter has its number, and no other number has one", () => {
  const names = [
    "periodMs",
    "emptyBlockPeriodMs",
    "minFee",
    "blockReward",
    "maxBlockTransactions",
    "maxBlockBytes",
    "rules",
  ];
  expect([...parameterNames].sort()).toEqual([...names].sort());
  expect([1, 2, 3, 4, 5, 6, 7].map(parameterName)).toEqual(names);
  expect([0, 8, -1].map(parameterName)).toEqual([undefined, undefined, undefined]);
});

test("a vote has the fields of its kind, and zeros in the others", () => {
  expect(noVote).toEqual({ kind: 0, candidate: zero32, parameter: 0, value: 0n });
  expect(authorityVote("add", id(1))).toEqual({ ...noVote, kind: 1, candidate: id(1) });
  expect(authorityVote("remove", id(1))).toEqual({ ...noVote, kind: 2, candidate: id(1) });
  expect(parameterVote("minFee", 5)).toEqual({ ...noVote, kind: 3, parameter: 3, value: 5n });
});

describe("the branch of a transaction", () => {
  test("leads from its id to the root of the list", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { minLength: 1, maxLength: 40 }), fc.nat(), (fills, at) => {
        const ids = fills.map(id);
        const index = at % ids.length;
        const branch = transactionBranch(ids, index);
        expect(branch).toHaveLength(17);
        let node = ids[index]!;
        for (const [level, sibling] of branch.entries()) {
          const isRight = level < 16 && Math.floor(index / 2 ** level) % 2 === 1;
          node = isRight ? digest64(sibling, node) : digest64(node, sibling);
        }
        expect(node).toEqual(transactionsRoot(ids));
      }),
      { numRuns: 30 },
    );
  });

  test.each([-1, 2, Number.NaN])("makes no branch for a transaction that is not there: %d", (index) => {
    expect(() => transactionBranch([id(1), id(2)], index)).toThrow(RangeError);
  });
});

describe("the record of a transaction", () => {
  const transaction: Transaction = {
    message: { from: id(1), to: id(2), amount: 1n, fee: 1n, nonce: 0, validUntil: 0, memo: id(9) },
    signature: new Uint8Array(64).fill(4),
  };
  const record = transactionRecord(transaction, computeDomain("transaction", zero32));

  test("checks the addresses that no account vouches for with the signature", () => {
    const set = (...known: Uint8Array[]) =>
      signatureSet(record, (address) => known.some((one) => equalBytes(one, address)));
    const { from, to } = transaction.message;
    const base = { publicKey: from, message: record.signingRoot, signature: transaction.signature };
    expect(set()).toEqual({ ...base, newKey: true, address: to });
    expect(set(from)).toEqual({ ...base, newKey: false, address: to });
    expect(set(from, to)).toEqual({ ...base, newKey: false, address: undefined });
  });

  test("takes the first 8 bytes of a transaction's id as its short id", () => {
    expect(record.shortKey).toBe(toBinary(record.id.subarray(0, 8)));
    expect(shortKeyOf(record.id.subarray(0, 8))).toBe(record.shortKey);
  });
});

test("transactions have the roots and the encoding that the SSZ types give, whatever the length of their memos", () => {
  const domain = computeDomain("transaction", id(5));
  const list = [0, 1, 31, 32, 33, 64, 255, 256].map((memoBytes, at): Transaction => {
    const [from, to] = [id(at + 1), id(at + 50)];
    const amount = 2n ** 64n - 1n - BigInt(at);
    const numbers = { amount, fee: BigInt(at) << 40n, nonce: 2 ** 40 + at, validUntil: 2 ** 52 - at };
    const memo = Uint8Array.from({ length: memoBytes }, (_, byte) => byte + 1);
    return { message: { from, to, ...numbers, memo }, signature: new Uint8Array(64).fill(at + 9) };
  });
  const encoded = Transactions.serialize(list);
  const records = decodeRecords(encoded, domain);
  expect(records.map(({ transaction }) => plainTransaction(transaction))).toEqual(list);
  expect(encodeRecords(records)).toEqual(encoded);
  expect(transactionCount(encoded)).toBe(8);
  for (const [at, record] of records.entries()) {
    expect(record.id).toEqual(Transaction.hashTreeRoot(list[at]!));
    expect(record.signingRoot).toEqual(signingRoot(Transfer.hashTreeRoot(list[at]!.message), domain));
    expect(record.encoded).toEqual(Transaction.serialize(list[at]!));
  }
  for (const count of [0, 1, 2, 3, 8])
    expect(transactionsRoot(records.slice(0, count).map((record) => record.id))).toEqual(
      Transactions.hashTreeRoot(list.slice(0, count)),
    );
});

test("refuses bytes that are no list of transactions", () => {
  const domain = computeDomain("transaction", id(5));
  const message = { from: id(1), to: id(2), amount: 1n, fee: 1n, nonce: 0, validUntil: 0, memo: id(9) };
  const one = Transactions.serialize([{ message, signature: new Uint8Array(64) }]);
  const edited = (at: number, value: number) => {
    const copy = one.slice();
    copy[at] = value;
    return copy;
  };
  expect(decodeRecords(new Uint8Array(), domain)).toEqual([]);
  expect([Uint8Array.of(8, 0, 0), Uint8Array.of(8, 0, 0, 0), one].map(transactionCount)).toEqual([0, 2, 1]);
  const longest = Transactions.serialize([
    { message: { ...message, memo: new Uint8Array(256) }, signature: new Uint8Array(64) },
  ]);
  expect(decodeRecords(longest, domain)).toHaveLength(1);
  const tooLong = new Uint8Array(longest.length + 1);
  tooLong.set(longest);
  // Offsets of nothing, between elements, and beyond the end; parts that are not where they belong; lengths out of
  // range.
  for (const bad of [
    edited(0, 0),
    edited(0, 5),
    edited(0, 8),
    edited(1, 1),
    edited(4, 67),
    edited(4 + 164, 101),
    one.subarray(0, 3),
    one.subarray(0, 4 + 167),
    tooLong,
  ])
    expect(() => decodeRecords(bad, domain)).toThrow(RangeError);
  // A count above 2^53 - 1 is invalid in every message.
  const [record] = decodeRecords(edited(4 + 148 + 7, 1), domain);
  expect(record!.transaction.message.nonce).toBe(Number.POSITIVE_INFINITY);
});

test("a list is split at its offsets, which never go back, into 2^16 transactions at most", () => {
  const list = (...offsets: number[]) => {
    const bytes = new Uint8Array(4 * offsets.length + 3);
    const view = new DataView(bytes.buffer);
    for (const [at, offset] of offsets.entries()) view.setUint32(4 * at, offset, true);
    return bytes;
  };
  const lengths = (bytes: Uint8Array) => splitTransactions(bytes).map(({ length }) => length);
  expect(lengths(list(4))).toEqual([3]);
  expect(lengths(list(12, 13, 13))).toEqual([1, 0, 2]);
  expect(lengths(list(12, 15, 15))).toEqual([3, 0, 0]);
  for (const bad of [list(12, 11, 13), list(12, 14, 13), list(12, 16, 16), list(12, 13, 16)])
    expect(() => splitTransactions(bad)).toThrow(RangeError);
  const many = (count: number) => list(...Array.from({ length: count }, () => 4 * count));
  expect(lengths(many(2 ** 16))).toHaveLength(2 ** 16);
  expect(() => splitTransactions(many(2 ** 16 + 1))).toThrow(RangeError);
});

test("short ids are 8 bytes each", async () => {
  const shortIds = Uint8Array.from({ length: 24 }, (_, at) => at);
  expect(shortIdCount({ shortIds })).toBe(3);
  expect(
    [0, 1, 2].map((at) => shortIdAt(shortIds, at)).map(([first, ...rest]) => [first, rest.length]),
  ).toEqual([
    [0, 7],
    [8, 7],
    [16, 7],
  ]);
  expect(() => decodeCompactBlock(new Uint8Array(10))).toThrow();
});

test("balances of a genesis block are counted and read without the others", async () => {
  const { block } = await testGenesis();
  const all = balancesOf(block);
  expect(balanceCount(block)).toBe(all.length);
  expect(all).toHaveLength(3);
  for (const count of [0, 1, 2, 3]) expect(balancesOf(block, count)).toEqual(all.slice(0, count));
});
