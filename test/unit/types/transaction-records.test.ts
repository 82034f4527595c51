import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import {
  checkTransactions,
  computeDomain,
  concatTransactions,
  decodeRecords,
  decodeRecordsInSlices,
  encodeRecords,
  joinTransactions,
  listRootInSlices,
  maxMemoBytes,
  recordsBytes,
  signingRoot,
  sliceTransactions,
  Transaction,
  Transactions,
  Transfer,
  transactionAt,
  transactionRecords,
  transactionsRoot,
  zero32,
} from "../../../src/types/index.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { fieldsOf, plainTransaction } from "./record-fields.ts";

const domain = computeDomain("transaction", zero32);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const randomTransaction = fc.record({
  message: fc.record({
    from: bytes(32),
    to: bytes(32),
    amount: uint64,
    fee: uint64,
    nonce: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    validUntil: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    memo: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: maxMemoBytes })),
  }),
  signature: bytes(64),
});
/** Draws lists that sometimes exceed one batch of hashing. */
const randomList = fc.array(randomTransaction, { maxLength: 600, size: "+1" });
const shortList = fc.array(randomTransaction, { maxLength: 20 });

test("the root of a list is the same when it is made in slices, with a pause between them", async () => {
  const ids = Uint8Array.from({ length: 9_000 * 32 }, (_, at) => (at * 2_654_435_761) >>> 24);
  const pause = vi.fn(async () => undefined);
  const list = {
    length: 9_000,
    depth: 16,
    rootsOf: (from: number, to: number) => ids.slice(32 * from, 32 * to),
  };
  const each = Array.from({ length: list.length }, (_, at) => list.rootsOf(at, at + 1));
  expect(await listRootInSlices(list, pause)).toEqual(transactionsRoot(each));
  expect(pause).toHaveBeenCalledTimes(2);
});

describe("records of many transactions", () => {
  test("records of many transactions hold the roots that the SSZ types give", () => {
    fc.assert(
      fc.property(randomList, (list) => {
        for (const [index, record] of transactionRecords(list, domain).entries()) {
          const transaction = list[index]!;
          expect(record.id).toEqual(Transaction.hashTreeRoot(transaction));
          expect(record.signingRoot).toEqual(signingRoot(Transfer.hashTreeRoot(transaction.message), domain));
        }
      }),
      { seed: 1, numRuns: 6 },
    );
  });

  test("makes the same records from the encoded list, which they give back", () => {
    fc.assert(
      fc.property(randomList, (list) => {
        // A list may begin anywhere in its buffer.
        const encoded = Uint8Array.from([7, 7, 7, ...Transactions.serialize(list)]).subarray(3);
        const records = decodeRecords(encoded, domain);
        expect(records.map(({ transaction }) => plainTransaction(transaction))).toEqual(list);
        expect(records.map(fieldsOf)).toEqual(transactionRecords(list, domain).map(fieldsOf));
        expect(encodeRecords(records)).toEqual(encoded);
        expect(recordsBytes(records)).toBe(encoded.length);
      }),
      { seed: 1, numRuns: 6 },
    );
  });

  test("makes the records of the same transactions in each part of a list", () => {
    fc.assert(
      fc.property(shortList, fc.nat(600), fc.nat(600), (list, one, other) => {
        const [from, to] = [one, other].map((at) => at % (list.length + 1)).sort((a, b) => a - b);
        // A list may begin anywhere in its buffer.
        const encoded = Buffer.concat([new Uint8Array(3), Transactions.serialize(list)]).subarray(3);
        expect(checkTransactions(encoded)).toBe(list.length);
        const bounds = [0, from!, to!, list.length];
        const parts = bounds.slice(1).map((end, at) => sliceTransactions(encoded, bounds[at]!, end));
        expect(parts[1]).toEqual(Transactions.serialize(list.slice(from, to)));
        // The parts are joined again, wherever each begins in its buffer.
        const moved = parts.map((part) => Buffer.concat([new Uint8Array(3), part]).subarray(3));
        expect(concatTransactions(moved)).toEqual(new Uint8Array(encoded));
        const each = Array.from({ length: list.length + 1 }, (_, index) => transactionAt(encoded, index));
        expect(each.map((one) => one && new Uint8Array(one))).toEqual([
          ...list.map((transaction) => Transaction.serialize(transaction)),
          undefined,
        ]);
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  test("decodes records in slices, with a pause between two", async () => {
    for (const [count, pauses] of [
      [0, 0],
      [512, 0],
      [1025, 2],
    ] as const) {
      const encoded = Transactions.serialize(fc.sample(randomTransaction, { numRuns: count, seed: 4 }));
      const pause = vi.fn(async () => undefined);
      const ids = (await decodeRecordsInSlices(encoded, domain, pause)).map(({ idHex }) => idHex);
      expect(ids).toEqual(decodeRecords(encoded, domain).map(({ idHex }) => idHex));
      expect(pause).toHaveBeenCalledTimes(pauses);
    }
  });

  test("several batches are hashed as one", () => {
    const list = Array.from({ length: 1000 }, (_, nonce) => ({
      message: {
        from: zero32,
        to: zero32,
        amount: 1n,
        fee: 0n,
        nonce,
        validUntil: nonce,
        memo: new Uint8Array(nonce % 257),
      },
      signature: new Uint8Array(64).fill(nonce),
    }));
    const ids = transactionRecords(list, domain).map(({ id }) => id);
    expect(ids).toEqual(list.map((transaction) => Transaction.hashTreeRoot(transaction)));
  });
});

describe("a damaged list", () => {
  const list = Transactions.serialize(
    [3, 0, 256].map((memoBytes) => ({
      message: {
        from: zero32,
        to: zero32,
        amount: 7n,
        fee: 1n,
        nonce: memoBytes,
        validUntil: 0,
        memo: new Uint8Array(memoBytes),
      },
      signature: new Uint8Array(64),
    })),
  );
  const accepts = (decode: () => unknown) => {
    try {
      decode();
      return true;
    } catch {
      return false;
    }
  };

  /** Decodes lists without counts that are too large, which the SSZ type refuses at once. */
  const decodeSafe = (bytes: Uint8Array) => {
    for (const { transaction } of decodeRecords(bytes, domain))
      if (![transaction.message.nonce, transaction.message.validUntil].every(Number.isSafeInteger))
        throw new RangeError("a count that is not safe");
  };

  test("refuses a damaged list where the SSZ type refuses it, and only there", () => {
    const damage = fc.record({
      at: fc.nat({ max: list.length - 1 }),
      value: fc.nat({ max: 255 }),
      length: fc.nat({ max: list.length }),
      cut: fc.boolean(),
    });
    fc.assert(
      fc.property(damage, ({ at, value, length, cut }) => {
        const damaged = list.slice(0, cut ? length : list.length);
        if (at < damaged.length) damaged[at] = value;
        expect(accepts(() => decodeSafe(damaged))).toBe(accepts(() => Transactions.deserialize(damaged)));
        expect(accepts(() => checkTransactions(damaged))).toBe(accepts(() => decodeRecords(damaged, domain)));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  test("every byte of the first offsets counts", () => {
    for (let at = 0; at < 24; at++) {
      const damaged = list.slice();
      damaged[at]! ^= 1;
      expect(accepts(() => decodeRecords(damaged, domain))).toBe(
        accepts(() => Transactions.deserialize(damaged)),
      );
    }
  });

  test("a transaction that is too short is refused, whatever the next one begins with", () => {
    const { encoded } = decodeRecords(list, domain)[1]!;
    const next = encoded.slice();
    // The place of the memo, which the short one lacks: in the signature of the next one, where it is looked for.
    next.set(encoded.subarray(-4), 4);
    const short = joinTransactions([encoded.subarray(0, -8), next]);
    expect(accepts(() => checkTransactions(short))).toBe(false);
    expect(accepts(() => decodeRecords(short, domain))).toBe(false);
  });

  test("a nonce or a last height above 2^53 - 1 is no safe count", () => {
    const encoded = Transactions.serialize([]);
    expect(decodeRecords(encoded, domain)).toEqual([]);
    const high = list.slice();
    high.fill(0xff, 12 + 148, 12 + 164);
    const { message } = decodeRecords(high, domain)[0]!.transaction;
    expect([message.nonce, message.validUntil].some(Number.isSafeInteger)).toBe(false);
    expect(transactionRecord(decodeRecords(list, domain)[0]!.transaction, domain).encoded).toEqual(
      decodeRecords(list, domain)[0]!.encoded,
    );
  });
});
