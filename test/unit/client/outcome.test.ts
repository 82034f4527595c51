import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Client, type Key, keyFromSeed, type SignedTransaction } from "../../../src/client/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { finalize } from "../api/finalize.ts";
import { alice, authority, bob, startFixture } from "../api/fixture.ts";

type Answer = [status: number, body: unknown];

/** A node as a table of answers, which a test changes while the client asks. */
let answers: Record<string, (body: SignedTransaction) => Answer>;
let posted: SignedTransaction[];
let server: Server;
let client: Client;
let key: Key;
let account: { nonce: number; pendingNonce: number };
let final: { height: number; nonce: number };
let headHeight: number;
/** The status in the answer of `GET /v1/transactions/{id}`; unknown by default. */
let placed: Record<string, string>;

beforeEach(async () => {
  key = await keyFromSeed(new Uint8Array(32).fill(7));
  posted = [];
  placed = {};
  account = { nonce: 3, pendingNonce: 3 };
  final = { height: 10, nonce: 3 };
  headHeight = 12;
  answers = {
    "GET /v1/status": () => [
      200,
      { genesisId: `0x${"ab".repeat(32)}`, mempool: { minFee: "2" }, head: { height: headHeight } },
    ],
    [`GET /v1/accounts/${key.address}`]: () => [200, account],
    [`GET /v1/accounts/${key.address}/proof?block=finalized`]: () => [
      200,
      { block: { height: final.height }, account: { nonce: final.nonce } },
    ],
    "POST /v1/transactions": () => [202, { id: "0x" }],
  };
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const body = text === "" ? undefined : JSON.parse(text);
    if (body) posted.push(body);
    const [code, value] = answers[`${request.method} ${request.url}`]?.(body) ?? transaction(request.url!);
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(value));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  client = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

function transaction(url: string): Answer {
  const status = placed[url.replace("/v1/transactions/", "")];
  return status ? [200, { status }] : [404, { code: "TRANSACTION_NOT_FOUND" }];
}

const order = (more = {}) => ({ to: key.address, amount: 1n, ...more });

describe("the last height of a transfer", () => {
  it.each([
    [{}, 112],
    [{ validFor: 3 }, 15],
    [{ validFor: 0 }, 0],
    [{ validUntil: 9_000 }, 9_000],
  ])("chooses the last height of a transfer for %j", async (more, validUntil) => {
    expect((await client.send(key, order(more))).validUntil).toBe(validUntil);
    expect(posted).toMatchObject([{ validUntil, nonce: 3, fee: "2" }]);
  });
});

describe("the outcome of a transfer", () => {
  const refusedProof = (code: string, status: number) => {
    answers[`GET /v1/accounts/${key.address}/proof?block=finalized`] = () => [status, { code }];
  };

  it.each<[string, () => void, string]>([
    ["waits", () => undefined, "unknown"],
    ["has not ended on the final chain, though at the head", () => (headHeight = 200), "unknown"],
    ["is one block short of its end", () => (final.height = 111), "unknown"],
    ["has ended", () => (final.height = 112), "ended"],
    ["has ended, and its nonce was used", () => (final = { height: 112, nonce: 4 }), "replaced"],
    ["has lost its nonce", () => (final.nonce = 4), "replaced"],
    ["has lost its nonce at the head alone", () => (account.nonce = 4), "unknown"],
    ["has no proof", () => refusedProof("PROOF_NOT_AVAILABLE", 404), "unknown"],
    ["meets a busy node", () => refusedProof("OVERLOADED", 503), "unknown"],
    ["is of an account that is not final", () => refusedProof("ACCOUNT_NOT_FOUND", 404), "unknown"],
  ])("reports the outcome of a transfer that %s", async (_, change, outcome) => {
    const signed = await client.sign(key, order());
    change();
    expect(await client.outcome(signed)).toBe(outcome);
  });

  it("never reports `ended` without a last height, and never `ended` or `replaced` if a block holds the transfer", async () => {
    final = { height: 1_000, nonce: 3 };
    expect(await client.outcome(await client.sign(key, order({ validFor: 0 })))).toBe("unknown");
    const signed = await client.sign(key, order());
    final.height = 2_000;
    for (const status of ["pending", "included", "finalized"]) {
      placed[signed.id] = status;
      for (const nonce of [3, 4]) {
        final.nonce = nonce;
        expect(await client.outcome(signed)).toBe(status);
      }
    }
  });

  it("finds the outcome if a block includes the transfer between the two requests", async () => {
    const signed = await client.sign(key, order());
    answers[`GET /v1/accounts/${key.address}/proof?block=finalized`] = () => {
      placed[signed.id] = "finalized";
      return [200, { block: { height: 50 }, account: { nonce: 4 } }];
    };
    expect(await client.outcome(signed)).toBe("finalized");
  });
});

describe("a transfer that is refused as late", () => {
  const refuseFirst = (code: string, then: () => void) => {
    answers["POST /v1/transactions"] = () => {
      answers["POST /v1/transactions"] = () => [202, { id: "0x" }];
      setTimeout(then, 400);
      return [422, { code, detail: code }];
    };
  };

  it("signs again after EXPIRED once the last height is final, and not before", async () => {
    let isFinal = false;
    refuseFirst("EXPIRED", () => {
      isFinal = true;
      final.height = 112;
      headHeight = 300;
    });
    const signed = await client.send(key, order());
    expect(isFinal).toBe(true);
    expect(posted.map(({ validUntil }) => validUntil)).toEqual([112, 400]);
    expect(signed.validUntil).toBe(400);
  });

  it("signs again after NONCE_TOO_LOW once the nonce is used on the final chain, and not before", async () => {
    let isFinal = false;
    account.pendingNonce = 3;
    refuseFirst("NONCE_TOO_LOW", () => {
      isFinal = true;
      final.nonce = 4;
      account.pendingNonce = 4;
    });
    await client.send(key, order());
    expect(isFinal).toBe(true);
    expect(posted.map(({ nonce }) => nonce)).toEqual([3, 4]);
  });

  it("does not sign again if a block turns out to hold the transfer", async () => {
    let first: SignedTransaction | undefined;
    refuseFirst("NONCE_TOO_LOW", () => {
      placed[first!.id] = "included";
      final.nonce = 4;
    });
    const signed = await client.send(key, order(), { onSigned: (each) => (first = each) });
    expect(signed).toEqual(first);
    expect(posted).toHaveLength(1);
  });

  it.each([
    ["NONCE_TOO_LOW", { nonce: 3 }],
    ["EXPIRED", { validUntil: 11 }],
    ["FEE_TOO_LOW", {}],
  ])("reports %s if the caller chose the field itself: %j", async (code, more) => {
    final = { height: 500, nonce: 4 };
    answers["POST /v1/transactions"] = () => [422, { code, detail: code }];
    await expect(client.send(key, order(more))).rejects.toMatchObject({ code });
    expect(posted).toHaveLength(1);
  });

  it("signs three times at most", async () => {
    final.nonce = 9;
    answers["POST /v1/transactions"] = () => [422, { code: "NONCE_TOO_LOW" }];
    await expect(client.send(key, order())).rejects.toMatchObject({ code: "NONCE_TOO_LOW" });
    expect(posted).toHaveLength(3);
  });
});

describe("a transfer without an answer", () => {
  it("names a transfer without an answer in the error, and submits it again unchanged", async () => {
    let first: SignedTransaction | undefined;
    const onSigned = (signed: SignedTransaction) => (first ??= signed);
    answers["POST /v1/transactions"] = () => [200, "no object"];
    const failed = client.send(key, order(), { onSigned });
    await expect(failed).rejects.toMatchObject({
      code: "NOT_A_NODE",
      message: expect.stringContaining(`/v1/transactions/${first?.id ?? "0x"}`),
    });
    answers["POST /v1/transactions"] = () => [409, { code: "ALREADY_KNOWN" }];
    expect(await client.send(key, order(), { earlier: first, onSigned })).toEqual(first);
    expect(posted.map(({ signature }) => signature)).toEqual([first!.signature, first!.signature]);
    // Without `earlier`, another order with the same bytes is refused, because it would not be executed.
    await expect(client.send(key, order())).rejects.toMatchObject({ code: "ALREADY_KNOWN" });
  });
});

describe("waiting for a transfer", () => {
  it("fails with EXPIRED only when its last height is final", async () => {
    const signed = await client.sign(key, order());
    headHeight = 200;
    let isFinal = false;
    setTimeout(() => {
      isFinal = true;
      final.height = 150;
    }, 6_000);
    await expect(client.waitFor(signed)).rejects.toMatchObject({
      code: "EXPIRED",
      message: `transaction ${signed.id} is not paid, and never will be: it was valid until block 112`,
    });
    expect(isFinal).toBe(true);
  }, 15_000);

  it("fails with EVICTED if a block may still hold it", async () => {
    const signed = await client.sign(key, order());
    await expect(client.waitFor(signed)).rejects.toMatchObject({ code: "EVICTED" });
  }, 15_000);
});

it("gets the outcome of an ended transfer from a real node", async () => {
  const node = await startFixture();
  const real = new Client(node.server.url);
  const aliceKey = await keyFromSeed(sha256(uint32Bytes(2)));
  expect(aliceKey.address).toBe(alice.address);
  const ended = await real.sign(aliceKey, { to: bob.address, amount: 5n, validFor: 1 });
  expect(await real.outcome(ended)).toBe("unknown");
  await node.produce();
  await node.produce();
  expect(await real.outcome(ended)).toBe("unknown");
  await finalize(node.chain, 1, [authority]);
  expect(await real.outcome(ended)).toBe("ended");
  await expect(real.submit(ended)).rejects.toMatchObject({ code: "EXPIRED" });
  const again = await real.send(aliceKey, { to: bob.address, amount: 5n });
  expect(again.nonce).toBe(ended.nonce);
  expect(await real.outcome(again)).toBe("pending");
  await node.close();
});
