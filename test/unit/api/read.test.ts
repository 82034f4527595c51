import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { BlockStore } from "../../../src/storage/blocks.ts";
import { alice, authority, bob, type Fixture, signer, startFixture, transactionJson } from "./fixture.ts";

describe("reading over HTTP", () => {
  let node: Fixture;
  const ids: string[] = [];
  const blockIds: string[] = [];

  beforeAll(async () => {
    node = await startFixture();
    blockIds.push((await node.get("/v1/blocks/0")).body.id);
    for (let height = 1; height <= 5; height++) {
      for (let count = 0; count < 2; count++) {
        const memo = height === 5 && count === 1 ? Uint8Array.of(0xff) : new TextEncoder().encode("für b");
        const transaction = await node.sign({ memo });
        const [outcome] = await node.mempool.add(node.mempool.records([transaction]), "local");
        expect(outcome?.accepted).toBe(true);
        if (outcome?.accepted) ids.push(outcome.record.idHex);
      }
      blockIds.push(await node.produce());
    }
    const waiting = await node.post(transactionJson(await node.sign({})));
    ids.push(waiting.body.id);
  });
  afterAll(() => node.close());

  it("answers the status", async () => {
    const { status, body, headers } = await node.get("/v1/status");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    expect(body).toMatchObject({
      mode: "ready",
      head: { height: 5, id: blockIds[5] },
      mempool: { count: 1 },
    });
  });

  it("finds a block by height, id, head and finalized", async () => {
    const byHeight = await node.get("/v1/blocks/3");
    expect(byHeight.body).toMatchObject({
      id: blockIds[3],
      height: 3,
      parent: blockIds[2],
      proposer: authority.address,
      difficulty: 2,
      totalDifficulty: 6,
      vote: null,
      canonical: true,
      finalized: false,
    });
    expect(byHeight.body.transactions.map(({ id }: { id: string }) => id)).toEqual(ids.slice(4, 6));
    expect(byHeight.body.transactions[0]).toMatchObject({
      from: alice.address,
      to: bob.address,
      amount: "1",
      fee: "1",
      nonce: 4,
      memo: "für b",
    });
    expect((await node.get(`/v1/blocks/${blockIds[3]}`)).body).toEqual(byHeight.body);
    expect((await node.get("/v1/blocks/head")).body.id).toBe(blockIds[5]);
    expect((await node.get("/v1/blocks/latest")).body.id).toBe(blockIds[5]);
    expect((await node.get("/v1/blocks/finalized")).body).toMatchObject({ id: blockIds[0], finalized: true });
    expect((await node.get("/v1/blocks/justified")).body).toMatchObject({ id: blockIds[0] });
    const last = await node.get("/v1/blocks/5");
    expect(last.body.transactions[1]).toMatchObject({ memoHex: "0xff" });
    expect(last.body.transactions[1]).not.toHaveProperty("memo");
  });

  it("shows the configuration and balances of the genesis block", async () => {
    const { body } = await node.get("/v1/blocks/0");
    expect(body).toMatchObject({
      height: 0,
      transactions: [],
      canonical: true,
      finalized: true,
      genesis: {
        name: "test chain",
        periodMs: 1000,
        minFee: "1",
        authorities: [authority.address],
        balanceCount: 1,
        balances: [{ address: alice.address, balance: "1000000" }],
      },
    });
    expect((await node.get("/v1/blocks/1")).body).not.toHaveProperty("genesis");
  });

  it("lists blocks newest first, page by page", async () => {
    const first = await node.get("/v1/blocks?limit=2");
    expect(first.body.blocks.map(({ height }: { height: number }) => height)).toEqual([5, 4]);
    expect(first.body.blocks[0]).toMatchObject({ id: blockIds[5], transactionCount: 2 });
    expect(first.body.next).toBe(4);
    const rest = await node.get(`/v1/blocks?before=${first.body.next}`);
    expect(rest.body.blocks.map(({ height }: { height: number }) => height)).toEqual([3, 2, 1, 0]);
    expect(rest.body.next).toBeNull();
    expect((await node.get("/v1/blocks?before=0")).body).toEqual({ blocks: [], next: null });
    expect((await node.get("/v1/blocks?before=900&limit=1")).body.blocks[0].height).toBe(5);
  });

  it("says which block holds a transaction", async () => {
    expect((await node.get(`/v1/transactions/${ids[5]}`)).body).toMatchObject({
      id: ids[5],
      status: "included",
      block: { height: 3, id: blockIds[3] },
      index: 1,
    });
    expect((await node.get(`/v1/transactions/${ids[10]}`)).body).toMatchObject({
      status: "pending",
      block: null,
      index: null,
    });
    const missing = await node.get(`/v1/transactions/0x${"00".repeat(32)}`);
    expect(missing).toMatchObject({ status: 404, body: { code: "TRANSACTION_NOT_FOUND" } });
  });

  it("answers accounts, also unknown ones", async () => {
    expect((await node.get(`/v1/accounts/${alice.address}`)).body).toEqual({
      address: alice.address,
      balance: "999980",
      nonce: 10,
      pendingNonce: 11,
    });
    expect((await node.get(`/v1/accounts/${signer(99).address}`)).body).toMatchObject({
      balance: "0",
      nonce: 0,
    });
  });

  it("adds the name that genesis gives to an address", async () => {
    expect((await node.get(`/v1/accounts/${authority.address}`)).body).toMatchObject({ name: "Ada" });
    expect((await node.get(`/v1/accounts/${alice.address}`)).body).not.toHaveProperty("name");
  });

  it("lists an account's transactions newest first, page by page", async () => {
    const seen: string[] = [];
    let next = "";
    for (let page = 0; page < 10; page++) {
      const { body } = await node.get(`/v1/accounts/${bob.address}/transactions?limit=3${next}`);
      seen.push(...body.transactions.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      next = `&before=${body.next}`;
    }
    expect(seen).toEqual(ids.slice(0, 10).reverse());
    expect((await node.get(`/v1/accounts/${signer(99).address}/transactions`)).body).toEqual({
      transactions: [],
      totals: { received: "0", sent: "0", fees: "0" },
      next: null,
      previous: null,
    });
  });

  it("lists the mempool page by page", async () => {
    const turns = vi.spyOn(DearReads.prototype, "run");
    const more = [];
    for (let count = 0; count < 4; count++) more.push(await node.post(transactionJson(await node.sign({}))));
    const all = [ids[10], ...more.map(({ body }) => body.id)];
    const first = await node.get("/v1/mempool?limit=3");
    expect(first.body).toMatchObject({ count: 5 });
    const second = await node.get(`/v1/mempool?limit=3&after=${first.body.next}`);
    expect(second.body.next).toBeNull();
    const pages = [...first.body.transactions, ...second.body.transactions];
    expect(pages.map(({ id }) => id)).toEqual(all);
    expect(turns).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
  });

  it("answers the authorities", async () => {
    const { body } = await node.get("/v1/authorities");
    expect(body).toMatchObject({
      head: { height: 5 },
      nextHeight: 6,
      countedFrom: 1,
      authorities: [
        {
          address: authority.address,
          turn: 0,
          inTurn: true,
          maySign: true,
          turns: 5,
          missedTurns: 0,
          lastBlock: { height: 5 },
          lastVoteAt: null,
        },
      ],
      openVotes: [],
      proposals: [],
      evidence: [],
    });
  });

  it("answers health and peers", async () => {
    expect((await node.get("/health/live")).body).toEqual({ status: "live" });
    expect((await node.get("/health/ready")).status).toBe(200);
    expect((await node.get("/v1/peers")).body).toEqual({ peers: [] });
    node.mode.mode = "boot";
    expect(await node.get("/health/ready")).toMatchObject({ status: 503, body: { code: "NOT_READY" } });
    node.mode.mode = "ready";
  });

  it("answers HEAD without a body", async () => {
    const { status, body } = await node.get("/v1/status", { method: "HEAD" });
    expect(status).toBe(200);
    expect(body).toBeUndefined();
  });

  it("reads a part of a block for one of its transactions, and all of it for its proof, and the client pays", async () => {
    const { body } = await node.post(transactionJson(await node.sign({})));
    const block = await node.produce();
    const bodies = vi.spyOn(BlockStore.prototype, "bodyBytes");
    const charge = vi.spyOn(ClientLimiter.prototype, "charge");
    const found = await node.get(`/v1/transactions/${body.id}`);
    expect(found.body.block.id).toBe(block);
    expect(bodies).not.toHaveBeenCalled();
    const proof = await node.get(`/v1/transactions/${body.id}/proof`);
    expect(proof.body.transaction.id).toBe(body.id);
    expect(bodies).toHaveBeenCalledTimes(1);
    // The first looks the id up and reads the part; the second reads a whole block.
    expect(charge).toHaveBeenCalledTimes(3);
    vi.restoreAllMocks();
  });

  it("answers NO_GENESIS if there is no chain yet", async () => {
    node.hasLedger.yes = false;
    for (const path of ["/v1/blocks", "/v1/blocks/head", `/v1/accounts/${alice.address}`, "/v1/mempool"]) {
      expect(await node.get(path)).toMatchObject({ status: 503, body: { code: "NO_GENESIS" } });
    }
    expect(await node.post(transactionJson(await node.sign({})))).toMatchObject({ status: 503 });
    node.hasLedger.yes = true;
  });

  it.each([
    ["/v1/blocks/abc", 400, "MALFORMED"],
    ["/v1/blocks/-1", 400, "MALFORMED"],
    ["/v1/blocks/01", 400, "MALFORMED"],
    ["/v1/blocks/99999999999999999999", 400, "MALFORMED"],
    ["/v1/blocks/900", 404, "BLOCK_NOT_FOUND"],
    [`/v1/blocks/0x${"12".repeat(32)}`, 404, "BLOCK_NOT_FOUND"],
    ["/v1/blocks?limit=0", 400, "MALFORMED"],
    ["/v1/blocks?limit=101", 400, "MALFORMED"],
    ["/v1/blocks?limit=x", 400, "MALFORMED"],
    ["/v1/blocks?after=1", 400, "MALFORMED"],
    ["/v1/blocks?limit=1&limit=2", 400, "MALFORMED"],
    ["/v1/events?types=block&types=mode", 400, "MALFORMED"],
    ["/v1/transactions/0x12", 400, "MALFORMED"],
    ["/v1/accounts/cc1abc", 400, "MALFORMED"],
    ["/v1/accounts/%E0%A4", 400, "MALFORMED"],
    [`/v1/accounts/${"a".repeat(3000)}`, 400, "MALFORMED"],
    [`/v1/accounts/${bob.address}/transactions?before=1`, 400, "MALFORMED"],
    [`/v1/accounts/${bob.address}/transactions?before=1-2-3`, 400, "MALFORMED"],
    [`/v1/accounts/${bob.address}/transactions?before=1-99999999999`, 400, "MALFORMED"],
    ["/v1/mempool?after=-1", 400, "MALFORMED"],
    ["/v1/events?types=blocks", 400, "MALFORMED"],
    ["/v1/transactions", 405, "METHOD_NOT_ALLOWED"],
    ["/v1/authorities/proposals", 405, "METHOD_NOT_ALLOWED"],
    ["/v1/finality?round=1", 400, "MALFORMED"],
    ["/nowhere", 404, "NOT_FOUND"],
  ])("refuses %s", async (path, status, code) => {
    const answer = await node.get(path);
    expect(answer).toMatchObject({ status, body: { status, code } });
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(Object.keys(answer.body)).toEqual(["type", "title", "status", "detail", "code"]);
  });

  it("names the allowed methods", async () => {
    const answer = await node.get("/v1/status", { method: "DELETE" });
    expect(answer).toMatchObject({ status: 405, body: { code: "METHOD_NOT_ALLOWED" } });
    expect(answer.headers.get("allow")).toBe("GET, HEAD");
  });
});
