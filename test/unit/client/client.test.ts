import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ChainEvent,
  Client,
  type HistoryFilter,
  keyFromSeed,
  signTransfer,
  verifyTransaction,
} from "../../../src/client/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { alice, authority, bob, type Fixture, startFixture } from "../api/fixture.ts";
import { collect } from "../support/collect.ts";

describe("Client with a real server", () => {
  let node: Fixture;
  let client: Client;
  const key = keyFromSeed(sha256(uint32Bytes(2)));

  beforeAll(async () => {
    node = await startFixture();
    client = new Client(`${node.server.url}/`);
  });
  afterAll(() => node.close());

  const transfer = async (nonce: number, amount = 5n) => {
    const { genesisId } = await client.status();
    return signTransfer(await key, genesisId!, { to: bob.address, amount, fee: 1n, nonce, memo: "für b" });
  };

  it("asks by the fetch that it was given, whatever it asks for", async () => {
    const asked: string[] = [];
    const other = new Client("https://node.example.org/ccoin", {
      fetch: (url, init) => {
        asked.push(`${init.method} ${new URL(url).pathname}`);
        return fetch(url.replace("https://node.example.org/ccoin", node.server.url), init);
      },
    });
    const { signal } = new AbortController();
    await other.status();
    await other.submitMany([]).catch(() => undefined);
    await other.dropProposal("minFee", "no token").catch(() => undefined);
    await other.waitFor(`0x${"00".repeat(32)}`, "included", { signal }).catch(() => undefined);
    const events = await other.events();
    await events.return();
    expect([...new Set(asked)]).toEqual([
      "GET /ccoin/v1/status",
      "POST /ccoin/v1/transactions",
      "DELETE /ccoin/v1/authorities/proposals/minFee",
      `GET /ccoin/v1/transactions/0x${"00".repeat(32)}`,
      "GET /ccoin/v1/events",
    ]);
  });

  it("signs, sends and finds a transaction", async () => {
    const { address } = await key;
    expect(address).toBe(alice.address);
    const { pendingNonce } = await client.account(address);
    const signed = await transfer(pendingNonce);
    expect(await client.submit(signed)).toBe(signed.id);
    expect((await client.mempool()).transactions).toEqual([signed]);
    const pending = await client.transaction(signed.id);
    expect(pending).toEqual({ ...signed, status: "pending", block: null, index: null });
    const { genesisId } = await client.status();
    expect(await verifyTransaction(pending, genesisId!)).toBe(true);
    expect(await verifyTransaction(pending, pending.id)).toBe(false);
    expect(await verifyTransaction({ ...pending, amount: "6" }, genesisId!)).toBe(false);

    const included = client.waitFor(signed.id);
    const blockId = await node.produce();
    expect(await included).toMatchObject({ status: "included", block: { height: 1, id: blockId }, index: 0 });
    expect(await client.account(bob.address)).toMatchObject({ balance: "5" });
    const { transactions, next } = await client.history(bob.address, { limit: 5 });
    expect({ ids: transactions.map(({ id }) => id), next }).toEqual({ ids: [signed.id], next: null });
    expect(await client.accountAt(bob.address, 0)).toMatchObject({ balance: "0", block: { height: 0 } });
    expect(await client.accountAt(bob.address, new Date())).toMatchObject({
      balance: "5",
      block: { height: 1 },
    });
  });

  it("filters a history, pages through it, and reads it as a table", async () => {
    const of = async (filter: HistoryFilter) =>
      (await collect(client.wholeHistory(alice.address, filter))).map(({ amount }) => amount);
    expect(await of({})).toEqual(["5"]);
    expect(
      await of({ direction: "out", counterparty: bob.address, minAmount: 5n, toTime: Date.now() }),
    ).toEqual(["5"]);
    expect(await of({ memo: "no & such = memo" })).toEqual([]);
    const table = await client.historyTable(alice.address, { direction: "out" });
    expect(await new Response(table).text()).toMatch(/^time,[^\n]*\n[^\n]*,out,[^\n]*\n$/);
    const url = client.historyTableUrl(alice.address, { memo: "a&b" });
    expect(url).toBe(`${client.url}/v1/accounts/${alice.address}/transactions?memo=a%26b&format=csv`);
    expect((await fetch(url)).headers.get("content-type")).toMatch(/^text\/csv/);
  });

  it("submits several transactions and reports which were refused", async () => {
    const { pendingNonce } = await client.account(alice.address);
    const good = await transfer(pendingNonce);
    const wrong = { ...(await transfer(pendingNonce + 1)), amount: "7" };
    expect(await client.submitMany([good, wrong])).toEqual({
      accepted: [good.id],
      rejected: [{ index: 1, code: "INVALID_SIGNATURE", detail: expect.any(String) }],
    });
    await node.produce();
  });

  it("reads blocks, authorities and all other resources", async () => {
    const { blocks, next } = await client.blocks({ limit: 2 });
    expect(blocks.map(({ height }) => height)).toEqual([2, 1]);
    expect(next).toBe(1);
    expect((await client.blocks({ before: next! })).blocks.map(({ height }) => height)).toEqual([0]);
    expect(await client.block("head")).toMatchObject({ id: blocks[0]?.id, canonical: true });
    expect((await client.block(0)).genesis?.authorities).toEqual([authority.address]);
    expect((await client.block(blocks[1]!.id)).height).toBe(1);
    expect((await client.authorities()).nextHeight).toBe(3);
    expect(await client.peers()).toEqual([]);
  });

  it("turns problem answers into errors with their code", async () => {
    await expect(client.block(99)).rejects.toMatchObject({
      name: "ApiError",
      status: 404,
      code: "BLOCK_NOT_FOUND",
      message: "this node has no block 99",
    });
    await expect(client.propose({ kind: "add", candidate: bob.address }, "wrong")).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
    await expect(new Client("http://127.0.0.1:1").status()).rejects.toMatchObject({
      name: "ClientError",
      code: "UNREACHABLE",
    });
    // Stands for a node's port for other nodes, for example.
    const other = createServer((socket) => socket.end("no HTTP\r\n"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    await expect(new Client(`http://127.0.0.1:${port}`).status()).rejects.toMatchObject({
      code: "NOT_A_NODE",
    });
    other.close();
    expect(() => new Client("127.0.0.1:1")).toThrow(expect.objectContaining({ code: "BAD_URL" }));
  });

  it("keeps waiting for a transaction while the node is away, starting or busy", async () => {
    const answers: (readonly [status: number, body: string] | undefined)[] = [
      undefined,
      [503, '{"code":"NO_GENESIS"}'],
      [429, '{"code":"RATE_LIMITED"}'],
      [404, '{"code":"TRANSACTION_NOT_FOUND"}'],
      [200, '{"status":"included"}'],
    ];
    const server = createHttpServer((_request, response) => {
      const answer = answers.shift();
      if (answer) response.writeHead(answer[0]).end(answer[1]);
      else response.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const restarted = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await restarted.waitFor("0x00")).toEqual({ status: "included" });
    expect(answers).toEqual([]);
    server.close();
    server.closeAllConnections();
  });

  it("stops waiting when the signal is aborted", async () => {
    const { pendingNonce } = await client.account(alice.address);
    const id = await client.submit(await transfer(pendingNonce));
    const controller = new AbortController();
    const waiting = client.waitFor(id, "included", { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ name: "AbortError" });
  });

  it("stops waiting at once, with the reason of the signal, even if the node answers slowly or not at all", async () => {
    const asked = Promise.withResolvers<void>();
    const server = createHttpServer((request, response) => {
      if (request.url!.includes("0x01")) response.end('{"status":"pending"}');
      asked.resolve();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const slow = new Client(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    // The first wait ends in a request, the other in a pause.
    for (const id of ["0x00", "0x01"]) {
      const controller = new AbortController();
      const waiting = slow.waitFor(id, "included", { signal: controller.signal });
      await asked.promise;
      controller.abort(new Error("enough"));
      // Well below the longest pause and the time that a request may take.
      const late = new Promise((_, reject) => setTimeout(reject, 5_000, new Error("late")).unref());
      await expect(Promise.race([waiting, late])).rejects.toThrow("enough");
    }
    server.close();
    server.closeAllConnections();
  });

  it("aborts every request when the client's signal is aborted", async () => {
    const controller = new AbortController();
    const ending = new Client(node.server.url, { signal: controller.signal });
    const events = await ending.events();
    expect((await ending.status()).mode).toBeDefined();
    controller.abort(new Error("enough"));
    await expect(ending.status()).rejects.toThrow("enough");
    await expect(ending.waitFor("0x00")).rejects.toThrow("enough");
    expect(await events.next()).toMatchObject({ done: true });
  });

  it("follows events until the signal is aborted", async () => {
    const controller = new AbortController();
    const events = await client.events({ types: ["block", "mode"], signal: controller.signal });
    const id = await node.produce();
    await node.eventLog.append([{ name: "mode", mode: "boot" }]);
    const seen: ChainEvent[] = [];
    for await (const event of events) {
      seen.push(event);
      if (seen.length === 2) controller.abort();
    }
    expect(seen).toMatchObject([
      { type: "block", data: { id, transactionCount: expect.any(Number) } },
      { type: "mode", data: { mode: "boot" } },
    ]);
  });

  it("reports why the node refuses an event stream", async () => {
    await expect(client.events({ types: ["blocks" as "block"] })).rejects.toMatchObject({
      code: "MALFORMED",
    });
  });
});
