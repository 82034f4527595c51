import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { defaultHttpLimits } from "../../../src/api/index.ts";
import { TransactionReads } from "../../../src/api/transaction-reads.ts";
import { BlockStore } from "../../../src/storage/blocks.ts";
import { type Transaction, Transactions } from "../../../src/types/index.ts";
import { CodedError } from "../../../src/util/errors.ts";
import { transactionRecord } from "../../transaction-record.ts";
import { alice, bob, type Fixture, signer, startFixture, transactionJson } from "./fixture.ts";
import { rawConnection } from "./raw.ts";

const octets = { "content-type": "application/octet-stream" };

describe("POST /v1/transactions", () => {
  let node: Fixture;
  let valid: ReturnType<typeof transactionJson>;

  beforeAll(async () => {
    node = await startFixture();
    valid = transactionJson(await node.sign({ amount: 7n }));
  });
  afterAll(() => node.close());

  const idOf = (transaction: Transaction) => transactionRecord(transaction, new Uint8Array(32)).idHex;

  it("accepts one transaction and answers with its id", async () => {
    const transaction = await node.sign({ memo: new TextEncoder().encode("für Bob \u{1f600}") });
    const json = transactionJson(transaction);
    expect(await node.post(json)).toMatchObject({ status: 202, body: { id: idOf(transaction) } });
    expect(await node.post(json)).toMatchObject({ status: 409, body: { code: "ALREADY_KNOWN" } });
    await node.produce();
    const again = await node.post(json);
    expect(again).toMatchObject({ status: 409, body: { code: "ALREADY_KNOWN" } });
    expect(again.body.detail).toBe("this transaction is already in block 1");
    const sameNonce = transactionJson(await node.sign({ nonce: 0, amount: 2n }));
    expect(await node.post(sameNonce)).toMatchObject({ status: 409, body: { code: "NONCE_TOO_LOW" } });
  });

  it("does not answer a post with the refusal of what came behind it", async () => {
    const body = JSON.stringify(transactionJson(await node.sign({})));
    const head = `POST /v1/transactions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json`;
    const request = `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}no request\r\n\r\n`;
    expect(await rawConnection(node.server.port, request).closed).not.toContain("MALFORMED");
  });

  it("accepts only the genesis id of its own chain", async () => {
    const transaction = transactionJson(await node.sign({}));
    const wrong = await node.post({ ...transaction, genesisId: `0x${"ab".repeat(32)}` });
    expect(wrong).toMatchObject({ status: 422, body: { code: "WRONG_CHAIN" } });
    const genesisId = node.chain.genesis.idHex;
    const upper = `0x${genesisId.slice(2).toUpperCase()}`;
    expect((await node.post({ ...transaction, genesisId: upper })).status).toBe(202);
  });

  it("answers the same, headers too, however the target is written", async () => {
    const post = async (target: string, body: string) => {
      const head = `POST ${target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json`;
      const request = `${head}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      const text = await rawConnection(node.server.port, request).closed;
      const lines = text.toLowerCase().split("\r\n");
      return lines.filter((each) => !each.startsWith("date: ")).sort();
    };
    for (const [body, status] of [
      ["[null]", 202],
      ["null", 400],
    ] as const) {
      const usual = await post("/v1/transactions", body);
      expect(usual.join()).toContain(`http/1.1 ${status}`);
      expect(usual).toContain("x-content-type-options: nosniff");
      expect(await post("http://localhost/v1/transactions", body)).toEqual(usual);
    }
    expect((await post("/v1/transactions?x=1", "[null]")).join()).toContain("unknown query parameter");
  });

  it("accepts the valid transactions of a list", async () => {
    const first = await node.sign({});
    const poor = signer(50);
    const list = [
      transactionJson(first),
      { ...valid, nonce: "1" },
      transactionJson(await node.sign({ from: poor }), { from: poor, to: bob }),
      null,
    ];
    const { status, body } = await node.post(list);
    expect(status).toBe(202);
    expect(body.accepted).toEqual([idOf(first)]);
    expect(body.rejected).toMatchObject([
      { index: 1, code: "MALFORMED" },
      { index: 2, code: "INSUFFICIENT_BALANCE" },
      { index: 3, code: "MALFORMED" },
    ]);
    expect(body.rejected[1].detail).toContain("balance");
  });

  it("accepts each transaction once, however often it is sent while blocks are made", async () => {
    const from = node.mempool.pendingNonce(alice.publicKey);
    const counts: Record<string, number> = {};
    let sending = true;
    const producing = (async () => {
      while (sending) await node.produce();
    })();
    for (let nonce = from; nonce < from + 40; nonce++) {
      const json = transactionJson(await node.sign({ nonce }));
      const answers = await Promise.all(Array.from({ length: 6 }, () => node.post(json)));
      for (const { body } of answers)
        counts[body.code ?? "accepted"] = (counts[body.code ?? "accepted"] ?? 0) + 1;
    }
    sending = false;
    await producing;
    expect(counts).toEqual({ accepted: 40, ALREADY_KNOWN: 200 });
  });

  it("reads a block once for a list of its transactions that is sent again, whoever signed what", async () => {
    const from = node.mempool.pendingNonce(alice.publicKey);
    const list: Transaction[] = [];
    for (let nonce = from; nonce < from + 20; nonce++) list.push(await node.sign({ nonce }));
    expect((await node.post(Transactions.serialize(list), octets)).body.accepted).toHaveLength(20);
    await node.produce();
    const copied = list.map((transaction) => ({ ...transaction, signature: new Uint8Array(64) }));
    const bodies = vi.spyOn(BlockStore.prototype, "encodedTransactions");
    const lookUps = vi.spyOn(TransactionReads.prototype, "find");
    const { body } = await node.post(Transactions.serialize([...list, ...copied]), octets);
    const { height } = node.chain.head;
    expect(body.rejected.map(({ code }: { code: string }) => code)).toEqual([
      ...list.map(() => "ALREADY_KNOWN"),
      ...copied.map(() => "NONCE_TOO_LOW"),
    ]);
    expect(body.rejected[19].detail).toBe(`this transaction is already in block ${height}`);
    expect(bodies).toHaveBeenCalledTimes(1);
    expect(lookUps).toHaveBeenCalledTimes(1);
    vi.restoreAllMocks();
  });

  it("accepts an SSZ list that is longer than a batch", async () => {
    const from = node.mempool.pendingNonce(alice.publicKey);
    const list: Transaction[] = [];
    for (let nonce = from; nonce < from + 1100; nonce++) list.push(await node.sign({ nonce }));
    list[1050] = { ...list[1050]!, signature: new Uint8Array(64) };
    const { status, body } = await node.post(Transactions.serialize(list), octets);
    expect(status).toBe(202);
    expect(body.accepted).toEqual(list.filter((_, index) => index !== 1050).map(idOf));
    expect(body.rejected).toEqual([
      { index: 1050, code: "INVALID_SIGNATURE", detail: "the signature does not match" },
    ]);
    await node.produce();
  });

  it("accepts an empty SSZ list", async () => {
    expect(await node.post(new Uint8Array(), octets)).toMatchObject({
      status: 202,
      body: { accepted: [], rejected: [] },
    });
  });

  it.each<[string, unknown, string]>([
    ["no object", 1, "a transaction is an object"],
    ["null", null, "a transaction is an object"],
    ["an empty object", {}, "from: is missing (and 4 more)"],
    ["an empty list", [], "the list is empty"],
    ["a long list", Array.from({ length: 1001 }, () => 1), "at most 1000 transactions"],
    ["a missing member", { signature: undefined }, "signature: is missing"],
    ["an unknown member", { gas: 1 }, 'unknown field "gas"'],
    ["a long unknown member", { ["k".repeat(100_000)]: 1 }, 'unknown field "kkk'],
    [
      "many unknown members",
      Object.fromEntries("abcdefghijklmnopqrstuvwxyz".split("").map((key) => [key, 1])),
      '"h", …',
    ],
    ["a typing error in an address", { to: alice.address.replace(/.$/, "q") }, "to: not an address"],
    ["an Ethereum address", { to: "0x0000000000000000000000000000000000000000" }, "to: not an address"],
    ["a number as amount", { amount: 7 }, "amount: write an amount as a string"],
    ["a negative amount", { amount: "-7" }, 'amount: "-7" is not an amount'],
    ["a fraction", { amount: "1.5" }, "is not an amount"],
    ["leading zeros", { amount: "007" }, "is not an amount"],
    ["hex as amount", { amount: "0x7" }, "is not an amount"],
    ["too large an amount", { amount: "18446744073709551616" }, "above the largest amount"],
    ["a huge amount", { amount: "9".repeat(100_000) }, "is above the largest amount"],
    ["a null fee", { fee: null }, "fee: write an amount as a string"],
    ["a nonce in text", { nonce: "1" }, "nonce: must be a whole number"],
    ["a fractional nonce", { nonce: 1.5 }, "nonce: must be a whole number"],
    ["a negative nonce", { nonce: -1 }, "nonce: must be a whole number"],
    ["a nonce beyond 2^53 - 2", { nonce: 2 ** 53 - 1 }, "nonce: must be a whole number"],
    ["a long memo", { memo: "ü".repeat(129) }, "memo: must be a text of at most 256 bytes"],
    ["a lone surrogate", { memo: "\ud800" }, "memo: must be a text"],
    ["a memo that is no text", { memo: 1 }, "memo: must be a text"],
    ["a short signature", { signature: "0x12" }, "signature: must be 0x and 128 hex digits"],
    ["a signature without 0x", { signature: "12".repeat(64) }, "signature: must be 0x"],
    ["a bad genesis id", { genesisId: "1" }, "genesisId: must be 0x and 64 hex digits"],
  ])("refuses %s", async (_, change, detail) => {
    const isMember = typeof change === "object" && change !== null && !Array.isArray(change);
    const body = isMember && Object.keys(change).length > 0 ? { ...valid, ...change } : change;
    const answer = await node.post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
    expect(answer.body.detail).toContain(detail);
    expect(answer.body.detail.length).toBeLessThan(300);
  });

  it.each<[string, string | Uint8Array]>([
    ["nothing", ""],
    ["broken JSON", '{"from":'],
    ["a byte order mark", "\ufeff{}"],
    ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22)],
    ["a __proto__ member", `{"__proto__":{"from":1}}`],
  ])("refuses %s", async (_, body) => {
    expect(await node.post(body)).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
  });

  it.each<[string, string]>([
    ["nesting", "[".repeat(20_000)],
    ["nesting that closes", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["objects", `[${"{},".repeat(20_000)}{}]`],
    ["unknown members", `{${Array.from({ length: 20_000 }, (_, at) => `"${at}":0`)}}`],
  ])("refuses more %s than a list needs, without parsing them", async (_, body) => {
    const parse = vi.spyOn(JSON, "parse");
    onTestFinished(() => parse.mockRestore());
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const answer = await (await fetch(`${node.server.url}/v1/transactions`, init)).text();
    expect(answer).toContain("MALFORMED");
    expect(answer).toContain("more than 16000 values");
    expect(parse.mock.calls.filter(([text]) => text === body)).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ["one byte", Uint8Array.of(1)],
    ["a first offset of 0", new Uint8Array(4)],
    ["a first offset that is no multiple of 4", Uint8Array.of(5, 0, 0, 0, 0, 0)],
    ["a first offset beyond the end", Uint8Array.of(0xfc, 0xff, 0xff, 0x7f)],
    ["an element that is too short", Uint8Array.of(4, 0, 0, 0, 1, 2, 3)],
    ["more elements than the type holds", sszOffsets(2 ** 16 + 1)],
  ])("refuses an SSZ body of %s", async (_, body) => {
    const answer = await node.post(body, octets);
    expect(answer).toMatchObject({ status: 400, body: { code: "MALFORMED" } });
    expect(answer.body.detail).toContain("SSZ");
  });

  it("refuses the nonce 2^64 - 1 in SSZ", async () => {
    const bytes = Transactions.serialize([await node.sign({})]);
    // List offset 4, then the transaction: offset 4, signature 64, and in the message from, to, amount, fee.
    bytes.fill(0xff, 4 + 68 + 80, 4 + 68 + 88);
    const { status, body } = await node.post(bytes, octets);
    expect(status).toBe(202);
    expect(body.rejected).toMatchObject([{ index: 0, code: "MALFORMED" }]);
  });

  it("answers each refusal of the rules with its status", async () => {
    const nonce = node.mempool.pendingNonce(alice.publicKey);
    const refused = async (change: Parameters<Fixture["sign"]>[0], status: number, code: string) => {
      const answer = await node.post(transactionJson(await node.sign(change)));
      expect(answer).toMatchObject({ status, body: { status, code } });
    };
    await refused({ fee: 0n }, 422, "FEE_TOO_LOW");
    await refused({ amount: 2n ** 63n }, 422, "INSUFFICIENT_BALANCE");
    await refused({ nonce: nonce + 1000 }, 422, "NONCE_GAP_TOO_LARGE");
    await refused({ amount: 2n ** 64n - 1n }, 400, "OVERFLOW");
    const unsigned = { ...transactionJson(await node.sign({})), signature: `0x${"00".repeat(64)}` };
    expect(await node.post(unsigned)).toMatchObject({ status: 400, body: { code: "INVALID_SIGNATURE" } });
  });

  it("reads a block once, however often its transactions are sent again in one request", async () => {
    const transaction = await node.sign({});
    await node.post(transactionJson(transaction));
    await node.produce();
    const reads = vi.spyOn(node.chain.reader, "transactionsAt");
    onTestFinished(() => reads.mockRestore());
    const list = Transactions.serialize(new Array(600).fill(transaction));
    const { body } = await node.post(list, octets);
    expect(body.rejected.map(({ code }: { code: string }) => code)).toEqual(
      new Array(600).fill("ALREADY_KNOWN"),
    );
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it("answers EXPIRED with the height, but ALREADY_KNOWN for a transaction in a block, since signing it again would pay twice", async () => {
    const height = node.chain.head.height + 1;
    const paid = transactionJson(await node.sign({ validUntil: height }));
    expect((await node.post(paid)).status).toBe(202);
    await node.produce();
    expect(await node.post(paid)).toMatchObject({ status: 409, body: { code: "ALREADY_KNOWN" } });
    const nonce = node.mempool.pendingNonce(alice.publicKey);
    const late = transactionJson(await node.sign({ nonce, validUntil: height }));
    expect(await node.post(late)).toMatchObject({
      status: 422,
      body: { code: "EXPIRED", detail: `it was valid until block ${height}, the head is block ${height}` },
    });
  });

  it.each([["text/plain"], ["application/x-www-form-urlencoded"], ["application/jsonp"], [""]])(
    "refuses the content type %j",
    async (contentType) => {
      const answer = await node.post("{}", { "content-type": contentType });
      expect(answer).toMatchObject({ status: 415, body: { code: "UNSUPPORTED_MEDIA_TYPE" } });
    },
  );

  it("refuses a compressed body, and accepts a charset", async () => {
    const compressed = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await node.post("{}", compressed)).status).toBe(415);
    const transaction = transactionJson(await node.sign({}));
    const answer = await node.post(transaction, { "content-type": "Application/JSON; charset=utf-8" });
    expect(answer.status).toBe(202);
  });

  it("refuses a body that is too large, announced or not", async () => {
    const { maxJsonBytes, maxSszBytes } = defaultHttpLimits;
    const tooLarge = { status: 413, body: { code: "BODY_TOO_LARGE" } };
    expect(
      await node.post(new Uint8Array(maxJsonBytes + 1), { "content-type": "application/json" }),
    ).toMatchObject(tooLarge);
    expect(await node.post(new Uint8Array(maxSszBytes + 1), octets)).toMatchObject(tooLarge);
    const chunked = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const answer = node.get("/v1/transactions", {
      method: "POST",
      body: chunked,
      headers: { "content-type": "application/json" },
      duplex: "half",
    } as RequestInit);
    // The client may see the connection close before it reads the answer.
    await expect(answer.catch(() => tooLarge)).resolves.toMatchObject(tooLarge);
    expect((await node.get("/v1/status")).status).toBe(200);
  });

  it("accepts nothing if the database cannot be written, and says so", async () => {
    const { commit } = node.database;
    const transaction = transactionJson(await node.sign({}));
    const count = node.mempool.count;
    node.database.commit = () => Promise.reject(writeFailed());
    try {
      expect(await node.post(transaction)).toMatchObject({ status: 503, body: { code: "WRITE_FAILED" } });
      const list = await node.post([transaction]);
      expect(list.body.rejected).toMatchObject([{ index: 0, code: "WRITE_FAILED" }]);
    } finally {
      node.database.commit = commit;
    }
    expect(node.mempool.count).toBe(count);
    expect((await node.post(transaction)).status).toBe(202);
  });

  it("does not reveal unexpected errors", async () => {
    const { commit } = node.database;
    const transaction = transactionJson(await node.sign({}));
    node.database.commit = () => Promise.reject(new Error("secret"));
    try {
      const answer = await node.post(transaction);
      expect(answer).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
      expect(JSON.stringify(answer.body)).not.toContain("secret");
    } finally {
      node.database.commit = commit;
    }
  });

  it("says that an account has too many waiting transactions", async () => {
    const from = node.mempool.pendingNonce(alice.publicKey);
    const list: Transaction[] = [];
    for (let nonce = from; nonce < from + 2410; nonce++) list.push(await node.sign({ nonce }));
    const { body } = await node.post(Transactions.serialize(list), octets);
    expect(body.rejected.at(-1)).toMatchObject({ index: 2409, code: "ACCOUNT_LIMIT" });
    const one = await node.post(transactionJson(await node.sign({})));
    expect(one).toMatchObject({ status: 503, body: { code: "ACCOUNT_LIMIT" } });
  });
});

function writeFailed(): CodedError {
  return new CodedError("WRITE_FAILED", "cannot write to the database: secret path");
}

/** Encodes a list of empty elements. */
function sszOffsets(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 4);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < count; index++) view.setUint32(index * 4, count * 4, true);
  return bytes;
}
