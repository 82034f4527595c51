import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createApp } from "../../../src/api/app.ts";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { EventHub } from "../../../src/api/event-hub.ts";
import type { ApiEnv } from "../../../src/api/http.ts";
import { defaultHttpLimits } from "../../../src/api/limits.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { finalize } from "./finalize.ts";
import { alice, authority, type Fixture, startFixture, transactionJson } from "./fixture.ts";

let node: Fixture;
let app: Hono<ApiEnv>;
let reads: DearReads;
let hub: EventHub;
let id: string;

beforeAll(async () => {
  node = await startFixture({
    finality: async () => ({ votes: { round: 1, quorum: 1, heard: [] } }) as never,
  });
  id = (await node.post(transactionJson(await node.sign({})))).body.id;
  for (let height = 1; height <= 3; height++) await node.produce();
  await finalize(node.chain, 2, [authority]);
  reads = new DearReads(systemClock);
  hub = new EventHub(node.services, defaultHttpLimits, reads);
  const { rate, localRate } = defaultHttpLimits;
  const limiter = new ClientLimiter(systemClock, rate, localRate);
  app = createApp(node.services, defaultHttpLimits, hub, { limiter, reads }).app;
});
afterAll(async () => {
  hub.close();
  await node.close();
});

/** A request from another machine. */
function ask(path: string, outgoing: object = {}) {
  const incoming = { socket: { remoteAddress: "10.0.0.1" } };
  const answer = { closed: false, req: incoming, once: () => undefined, ...outgoing };
  return app.request(path, {}, { incoming, outgoing: answer } as never);
}

describe("answers that may take milliseconds", () => {
  it.each([
    "/v1/authorities",
    "/v1/authorities/turns",
    "/v1/figures",
    "/v1/changes",
    "/v1/finality",
    "/v1/forks",
    "/v1/peers",
    "/v1/recoveries",
    "/v1/blocks?limit=100",
    "/v1/mempool",
    "/v1/blocks/0",
    "/v1/parameters/proof",
    `/v1/accounts/${alice.address}/proof`,
    `/v1/accounts/${alice.address}/transactions`,
    `/v1/accounts/${alice.address}?at=1`,
    "transaction proof",
  ])("%s is made in a turn of its client", async (path) => {
    const run = vi.spyOn(reads, "run");
    const response = await ask(path === "transaction proof" ? `/v1/transactions/${id}/proof` : path);
    expect([response.status, await response.json()]).toEqual([200, expect.any(Object)]);
    expect(run).toHaveBeenCalledWith("10.0.0.1", expect.any(Function));
    run.mockRestore();
  });

  it.each([
    ["?at=2026-01-01", 1],
    ["/transactions?fromTime=2026-01-01&toTime=2026-02-01", 2],
  ])("a time is looked for in turns: %s", async (query, searches) => {
    let turns = 0;
    const begin = reads.run.bind(reads);
    const run = vi.spyOn(reads, "run").mockImplementation((address, read, ended) =>
      begin(
        address,
        async () => {
          turns++;
          return read().finally(() => turns--);
        },
        ended,
      ),
    );
    const inTurn: number[] = [];
    const search = vi
      .spyOn(node.chain.history, "heightAt")
      .mockImplementation(async () => inTurn.push(turns));
    await ask(`/v1/accounts/${alice.address}${query}`);
    expect(inTurn).toEqual(new Array(searches).fill(1));
    search.mockRestore();
    run.mockRestore();
  });

  it("makes no expensive answer for a client that has disconnected", async () => {
    const listed = vi.spyOn(node.services, "peers");
    await ask("/v1/peers", { closed: true });
    expect(listed).not.toHaveBeenCalled();
    listed.mockRestore();
  });
});

describe("what is the same for everybody is read once", () => {
  it("the turns of the authorities, until the head changes", async () => {
    const read = vi.spyOn(node.chain.reader, "idsDown");
    await Promise.all([ask("/v1/authorities"), ask("/v1/authorities")]);
    await node.produce();
    read.mockClear();
    const { nextHeight } = (await (await ask("/v1/authorities")).json()) as { nextHeight: number };
    await ask("/v1/authorities");
    expect([nextHeight, read.mock.calls.length]).toEqual([node.chain.head.height + 1, 1]);
    read.mockRestore();
  });

  it("the first balances", async () => {
    const read = vi.spyOn(node.chain.reader, "genesis");
    const { app } = createApp(node.services, defaultHttpLimits, hub, {
      limiter: new ClientLimiter(systemClock, defaultHttpLimits.rate, defaultHttpLimits.localRate),
      reads,
    });
    const incoming = { socket: { remoteAddress: "127.0.0.1" } };
    const env = { incoming, outgoing: { closed: false, req: incoming, once: () => undefined } } as never;
    const texts = [0, 1].map(async () => (await app.request("/v1/blocks/0", {}, env)).json());
    expect((await Promise.all(texts)).map((body) => (body as { genesis: object }).genesis)).toEqual([
      expect.objectContaining({ balanceCount: 1 }),
      expect.objectContaining({ balanceCount: 1 }),
    ]);
    expect(read).toHaveBeenCalledOnce();
    read.mockRestore();
  });
});
