import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  Account,
  AuthoritySnapshot,
  Block,
  CompactBlock,
  computeDomain,
  decodeCompactBlock,
  domainTypes,
  EncodedBlock,
  Header,
  isSafeCount,
  maxAmount,
  maxMemoBytes,
  noVote,
  shortIdAt,
  shortIdCount,
  signingRoot,
  Transaction,
  Transactions,
  Transfer,
  transactionsRoot,
  zero32,
} from "../../../src/types/index.ts";
import { toHex } from "../../../src/util/bytes.ts";
import { transactionRecord } from "../../transaction-record.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const randomTransaction = fc.record({
  message: fc.record({
    from: bytes(32),
    to: bytes(32),
    amount: fc.bigInt(0n, maxAmount),
    fee: fc.bigInt(0n, maxAmount),
    nonce: fc.nat(),
    validUntil: fc.nat(),
    memo: fc.uint8Array({ maxLength: maxMemoBytes }),
  }),
  signature: bytes(64),
});
const transaction: Transaction = {
  message: {
    from: zero32,
    to: zero32,
    amount: 1n,
    fee: 2n,
    nonce: 3,
    validUntil: 6,
    memo: new Uint8Array([4]),
  },
  signature: new Uint8Array(64).fill(5),
};

/** Computes SHA-256 of two nodes without the library under test. */
function hash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(left).update(right).digest());
}

function chunk(value: bigint): Uint8Array {
  const out = new Uint8Array(32);
  new DataView(out.buffer).setBigUint64(0, value, true);
  return out;
}

describe("transactions", () => {
  test("transactions survive encoding", () => {
    fc.assert(
      fc.property(randomTransaction, (item) => {
        const encoded = Transaction.serialize(item);
        expect(Transaction.deserialize(encoded)).toEqual(item);
      }),
      { seed: 1 },
    );
  });

  test("a record holds what is computed from the transaction", () => {
    const domain = computeDomain("transaction", zero32);
    const record = transactionRecord(transaction, domain);
    expect(record.id).toEqual(Transaction.hashTreeRoot(transaction));
    expect(record.idHex).toBe(toHex(record.id));
    expect(record.signingRoot).toEqual(signingRoot(Transfer.hashTreeRoot(transaction.message), domain));
    expect(record.encoded.length).toBe(Transaction.serialize(transaction).length);
  });

  test("the id covers the signature, what is signed does not", () => {
    const domain = computeDomain("transaction", zero32);
    const first = transactionRecord(transaction, domain);
    const second = transactionRecord({ ...transaction, signature: new Uint8Array(64) }, domain);
    expect(second.id).not.toEqual(first.id);
    expect(second.signingRoot).toEqual(first.signingRoot);
  });

  test("a memo that is too long is not decoded", () => {
    const memo = new Uint8Array(maxMemoBytes + 1);
    const encoded = Transaction.serialize({ ...transaction, message: { ...transaction.message, memo } });
    expect(() => Transaction.deserialize(encoded)).toThrow();
  });

  test.each([0, 1, 2, 3, 5, 8, 100])("transactionsRoot of %i ids is the SSZ root", (count) => {
    const list = Array.from({ length: count }, (_, nonce) => {
      return { ...transaction, message: { ...transaction.message, nonce } };
    });
    const ids = list.map((item) => Transaction.hashTreeRoot(item));
    expect(transactionsRoot(ids)).toEqual(Transactions.hashTreeRoot(list));
  });
});

describe("domains", () => {
  const genesisId = new Uint8Array(32).map((_, index) => index + 1);

  test("a domain is the type's bytes and the start of the genesis id", () => {
    expect(toHex(computeDomain("header", genesisId))).toBe(
      "0x020000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c",
    );
  });

  test("domains differ by purpose and by chain", () => {
    const types = Object.keys(domainTypes) as (keyof typeof domainTypes)[];
    const domains = [genesisId, zero32].flatMap((id) => types.map((type) => toHex(computeDomain(type, id))));
    expect(new Set(domains).size).toBe(2 * types.length);
  });

  test("mixes the domain into the signing root", () => {
    expect(signingRoot(zero32, genesisId)).toEqual(hash(zero32, genesisId));
  });
});

test("an account's root is that of its four chunks", () => {
  const account = { address: new Uint8Array(32).fill(7), balance: maxAmount, nonce: 9 };
  const expected = hash(hash(account.address, chunk(maxAmount)), hash(chunk(9n), zero32));
  expect(Account.hashTreeRoot(account)).toEqual(expected);
});

test("the root of an empty list is that of its depth in zeros, and its length", () => {
  let node: Uint8Array = zero32;
  for (let level = 0; level < 20; level++) node = hash(node, node);
  const openVotes = hash(node, zero32);
  const empty = { authorities: [], recentSigners: [], openVotes: [] };
  node = zero32;
  for (let level = 0; level < 10; level++) node = hash(node, node);
  const short = hash(node, zero32);
  expect(AuthoritySnapshot.hashTreeRoot(empty)).toEqual(hash(hash(short, short), hash(openVotes, zero32)));
});

test("a block survives encoding", () => {
  const message: Header = {
    height: Number.MAX_SAFE_INTEGER,
    parent: zero32,
    timestamp: 1_700_000_000_000,
    proposer: zero32,
    difficulty: 2,
    vote: noVote,
    transactionsRoot: zero32,
    stateRoot: zero32,
  };
  const block = {
    header: { message, signature: new Uint8Array(64) },
    transactions: [transaction, transaction],
  };
  expect(Block.deserialize(Block.serialize(block))).toEqual(block);
  const encoded = { header: block.header, body: Transactions.serialize(block.transactions) };
  expect(EncodedBlock.serialize(encoded)).toEqual(Block.serialize(block));
  expect(EncodedBlock.deserialize(Block.serialize(block))).toEqual(encoded);
  expect(Block.serialize({ ...block, transactions: [] })).toHaveLength(4 + Header.fixedSize! + 64);
});

describe("counts", () => {
  test.each([0, 1, Number.MAX_SAFE_INTEGER])("%d is safe", (value) => {
    expect(isSafeCount(value)).toBe(true);
  });

  test.each([-1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY, Number.NaN])("%d is not", (value) => {
    expect(isSafeCount(value)).toBe(false);
  });
});

describe("a compact block", () => {
  const header = { message: Header.defaultValue(), signature: new Uint8Array(64).fill(6) };

  test("decodes a compact block with its short ids as they came", () => {
    for (const count of [0, 1, 3, 2 ** 16]) {
      const shortIds = Array.from({ length: count }, (_, at) => new Uint8Array(8).fill(at));
      const compact = decodeCompactBlock(CompactBlock.serialize({ header, shortIds }));
      expect(compact.header).toEqual(header);
      expect(shortIdCount(compact)).toBe(count);
      for (const [at, shortId] of shortIds.slice(0, 5).entries())
        expect(shortIdAt(compact.shortIds, at)).toEqual(shortId);
      expect(shortIdCount(compact)).toBe(count);
    }
  });

  test("refuses a compact block with a part of a short id, or with more of them than a list of transactions", () => {
    const whole = CompactBlock.serialize({ header, shortIds: [new Uint8Array(8)] });
    for (const length of [whole.length - 1, whole.length - 9, 10, 0])
      expect(() => decodeCompactBlock(whole.subarray(0, length))).toThrow();
    const more = new Uint8Array(whole.length + 8 * 2 ** 16);
    more.set(whole);
    expect(() => decodeCompactBlock(more)).toThrow();
  });
});
