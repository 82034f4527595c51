import { expect, test } from "vitest";
import {
  computeDomain,
  decodeRecords,
  encodeRecords,
  maxMemoBytes,
  maxTransactionBytes,
  packedEncoding,
  packedId,
  packedLength,
  packedSender,
  packRecord,
  type Transaction,
  transactionRecords,
  unpackRecord,
  zero32,
} from "../../../src/types/index.ts";
import { toBinary } from "../../../src/util/bytes.ts";
import { fieldsOf } from "./record-fields.ts";

const domain = computeDomain("transaction", zero32);

/** Makes records of one list with every byte, and memos of several lengths. */
function records() {
  const bytes = Uint8Array.from({ length: 512 }, (_, index) => index);
  const transactions = [0, 1, 32, maxMemoBytes].map((memoBytes, at): Transaction => {
    const [from, to] = [bytes.slice(at, at + 32), bytes.slice(200 + at, 232 + at)];
    const numbers = { amount: 2n ** 64n - 2n, fee: 1n << 40n, nonce: 2 ** 40 + at, validUntil: at };
    return {
      message: { from, to, ...numbers, memo: bytes.slice(0, memoBytes) },
      signature: bytes.slice(100, 164),
    };
  });
  return decodeRecords(encodeRecords(transactionRecords(transactions, domain)), domain);
}

test("a packed record is the same record again, with little memory of others", () => {
  for (const record of records()) {
    const { encoded, id } = record;
    const packed = packRecord(record);
    const unpacked = unpackRecord(packed, record);
    expect(fieldsOf(unpacked)).toEqual(fieldsOf(record));
    const { message, signature } = unpacked.transaction;
    for (const { buffer } of [unpacked.encoded, unpacked.id, unpacked.signingRoot, message.from, signature])
      expect(buffer.byteLength).toBeLessThanOrEqual(8_192);
    expect(packedId(packed)).toEqual(id);
    expect(packedEncoding(packed)).toEqual(encoded);
    expect(packedLength(packed)).toBe(encoded.length);
    expect(packedSender(packed)).toBe(toBinary(message.from));
  }
  // None is overwritten by the next ones.
  const many = Array.from({ length: 100 }, () => records()).flat();
  const unpacked = many.map((record) => unpackRecord(packRecord(record), record));
  expect(unpacked.map(fieldsOf)).toEqual(many.map(fieldsOf));
  const buffers = new Set(unpacked.map(({ encoded }) => encoded.buffer));
  expect(buffers.size).toBeLessThan(unpacked.length / 10);
  const encodings = many.map((record) => packedEncoding(packRecord(record)));
  expect(encodings).toEqual(many.map(({ encoded }) => encoded));
  expect(new Set(encodings.map(({ buffer }) => buffer)).size).toBeLessThan(many.length / 10);
  expect(records().at(-1)!.encoded).toHaveLength(maxTransactionBytes);
});
