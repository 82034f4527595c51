import { describe, expect, test } from "vitest";
import { verifySignatures } from "../../../src/crypto/ed25519.ts";
import { decodeRecords, Transactions } from "../../../src/types/index.ts";
import { AnsweredRequests, answerLength, checkAnswer } from "../../bench/lib/poster.ts";
import { presign } from "../../bench/lib/presign.ts";
import { buildRequests } from "../../bench/lib/requests.ts";
import { placeOf } from "../../bench/lib/senders.ts";
import { sszList } from "../../bench/lib/ssz-list.ts";
import { transactionRecord } from "../../transaction-record.ts";

const answer = (body: string, status = "202 Accepted") =>
  Buffer.from(`HTTP/1.1 ${status}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);

describe("answers", () => {
  test("an answer is whole where its content-length says so", () => {
    const whole = answer('{"id":"0x1"}');
    expect(answerLength(whole)).toBe(whole.length);
    expect(answerLength(Buffer.concat([whole, whole.subarray(0, 9)]))).toBe(whole.length);
    expect(answerLength(whole.subarray(0, 20))).toBeUndefined();
    expect(() => answerLength(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"))).toThrow("content-length");
  });

  test("one that refuses a transaction ends the run with its reason", () => {
    expect(() => checkAnswer(answer('{"id":"0x1"}'))).not.toThrow();
    expect(() => checkAnswer(answer('{"accepted":["0x1"],"rejected":[]}'))).not.toThrow();
    expect(() => checkAnswer(answer('{"accepted":[],"rejected":[{"code":"MEMPOOL_FULL"}]}'))).toThrow(
      "MEMPOOL_FULL",
    );
    expect(() => checkAnswer(answer('{"code":"RATE_LIMITED"}', "429 Too Many Requests"))).toThrow("429");
  });

  test("a request that must not overtake others waits for the first of them", async () => {
    const answered = new AnsweredRequests();
    await answered.until(-1);
    const order: string[] = [];
    const waiting = answered.until(1).then(() => order.push("0 and 1 are answered"));
    answered.add(1);
    await answered.until(-1);
    order.push("1 is answered");
    answered.add(0);
    await waiting;
    expect(order).toEqual(["1 is answered", "0 and 1 are answered"]);
  });
});

describe("transfers", () => {
  test("senders take turns and count their nonces from 0", () => {
    expect([0, 1, 2, 3, 4].map((index) => placeOf(index, 2))).toEqual([
      { from: 0, to: 1, nonce: 0 },
      { from: 1, to: 0, nonce: 0 },
      { from: 0, to: 1, nonce: 1 },
      { from: 1, to: 0, nonce: 1 },
      { from: 0, to: 1, nonce: 2 },
    ]);
    expect(placeOf(3, 1)).toEqual({ from: 0, to: 1, nonce: 3 });
  });

  test("presigns an SSZ list with good signatures before the clock starts", async () => {
    const genesisId = new Uint8Array(32).fill(7);
    const presigned = await presign(genesisId, 3, 5);
    const list = new Uint8Array(sszList([0, 1, 2, 3, 4].map(presigned.encoded)));
    const transactions = Transactions.deserialize(list);
    expect(Transactions.serialize(transactions)).toEqual(list);
    const domain = new Uint8Array(32);
    domain.set([1, 0, 0, 0]);
    domain.set(genesisId.subarray(0, 28), 4);
    const records = decodeRecords(list, domain);
    expect(records[3]!.id).toEqual(transactionRecord(transactions[3]!, domain).id);
    const sets = records.map(({ transaction, signingRoot }) => ({
      publicKey: transaction.message.from,
      message: signingRoot,
      signature: transaction.signature,
    }));
    expect(await verifySignatures(sets)).toEqual([true, true, true, true, true]);

    const [first, second, ...more] = buildRequests(presigned, "json-array", [0, 2, 4], 2);
    expect([first!.transactions, second!.transactions, more]).toEqual([2, 1, []]);
    const body = first!.bytes.subarray(first!.bytes.indexOf("\r\n\r\n") + 4);
    expect(JSON.parse(body.toString())[1]).toMatchObject({ amount: "1", fee: "1", nonce: 0 });
    expect(answerLength(first!.bytes)).toBe(first!.bytes.length);
  });
});
