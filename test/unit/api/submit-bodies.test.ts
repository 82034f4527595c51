import { EventEmitter } from "node:events";
import type { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { createApp } from "../../../src/api/app.ts";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { EventHub } from "../../../src/api/event-hub.ts";
import type { ApiEnv } from "../../../src/api/http.ts";
import { defaultHttpLimits } from "../../../src/api/limits.ts";
import type { SubmitManyBody } from "../../../src/api/submit.ts";
import { Transactions } from "../../../src/types/index.ts";
import { systemClock } from "../../../src/util/clock.ts";
import { type Fixture, signer, startFixture, transactionJson } from "./fixture.ts";

const batch = 1000;
/** The memory of a batch of decoded transactions, as bodies are counted. */
const batchBytes = batch * 2048;

let node: Fixture;
let reads: DearReads;
let hub: EventHub;
/** Cannot hold the bodies of two lists of two batches together with what is decoded of each. */
let app: Hono<ApiEnv>;
/** Lets what `holdMempool` holds go on, also after a failure. */
let release = () => {};

beforeEach(async () => {
  node = await startFixture();
  reads = new DearReads(systemClock);
  hub = new EventHub(node.services, defaultHttpLimits, reads);
  bound(2 * batchBytes);
});
afterEach(async () => {
  release();
  hub.close();
  await node.close();
});

/** Bounds the memory of all bodies, and of what is decoded of them. */
function bound(maxBodyBytesInFlight: number): void {
  const limits = { ...defaultHttpLimits, maxBodyBytesInFlight };
  const limiter = new ClientLimiter(systemClock, limits.rate, limits.localRate);
  app = createApp(node.services, limits, hub, { limiter, reads }).app;
}

/** Posts from another machine. */
async function post(address: string, body: string | Uint8Array) {
  const type = typeof body === "string" ? "application/json" : "application/octet-stream";
  const { incoming, answer } = send(address, { "content-type": type }, {});
  await expect.poll(() => incoming.listenerCount("end")).toBeGreaterThan(0);
  incoming.emit("data", Buffer.from(body));
  incoming.emit("end");
  return answer;
}

/** Posts a body that arrives together with its headers. */
function postAtOnce(address: string, body: string) {
  const headers = { "content-type": "application/json", "content-length": String(body.length) };
  return send(address, headers, { readableLength: body.length, read: () => Buffer.from(body) }).answer;
}

/** `stream` is what the request says of its body before any event. */
function send(address: string, headers: Record<string, string>, stream: object) {
  const socket = { remoteAddress: address };
  const incoming = Object.assign(new EventEmitter(), { headers, socket, pause: () => undefined }, stream);
  const outgoing = { closed: false, req: incoming, once: () => undefined };
  const answer = async () => {
    const response = await app.request("/v1/transactions", { method: "POST" }, {
      incoming,
      outgoing,
    } as never);
    return { status: response.status, body: (await response.json()) as SubmitManyBody & { code?: string } };
  };
  return { incoming, answer: answer() };
}

/** Transactions of a sender that has nothing. */
async function strangers(count: number): Promise<Uint8Array> {
  const one = await node.sign({ from: signer(99) });
  return Transactions.serialize(new Array(count).fill(one));
}

describe("decoding the bodies of other machines", () => {
  it.each<[string, string]>([
    ["a list of many values", `[${"0,".repeat(40)}0]`],
    ["a large body", `[${" ".repeat(2048)}0]`],
    ["a large body of one transaction", `{${" ".repeat(2048)}}`],
  ])("takes a turn for %s", async (_, body) => {
    const run = vi.spyOn(reads, "run");
    await post("10.0.0.1", body);
    expect(run).toHaveBeenCalledTimes(1);
    expect(run).toHaveBeenCalledWith("10.0.0.1", expect.any(Function), expect.any(AbortSignal));
  });

  it("takes a turn for each batch of an SSZ list", async () => {
    const run = vi.spyOn(reads, "run");
    const { body } = await post("10.0.0.1", await strangers(batch + 1));
    expect(body.rejected).toHaveLength(batch + 1);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it("takes no turn for a transaction, or a few", async () => {
    const run = vi.spyOn(reads, "run");
    const json = JSON.stringify(transactionJson(await node.sign({})));
    expect((await post("10.0.0.1", json)).status).toBe(202);
    expect((await post("10.0.0.1", `[${json}]`)).status).toBe(202);
    expect((await post("10.0.0.1", await strangers(8))).status).toBe(202);
    expect(run).not.toHaveBeenCalled();
  });
});

/** Holds what is passed to the mempool until `go`. */
function holdMempool() {
  const { promise, resolve: go } = Promise.withResolvers<void>();
  release = go;
  const add = node.mempool.add.bind(node.mempool);
  const decode = vi.spyOn(node.mempool, "decode");
  const held = vi.spyOn(node.mempool, "add").mockImplementation(async (...parameters) => {
    await promise;
    return add(...parameters);
  });
  onTestFinished(() => void vi.restoreAllMocks());
  const decoded = () =>
    decode.mock.results.reduce((sum, { value }) => sum + (value as readonly unknown[]).length, 0);
  return { go, decoded, added: () => expect.poll(() => held).toHaveBeenCalled() };
}

it("a body costs its client as much as four requests, and one more for each 2 KiB", async () => {
  const limiter = new ClientLimiter(systemClock, { perSecond: 1, burst: 100 }, { perSecond: 1, burst: 100 });
  const charge = vi.spyOn(limiter, "charge");
  app = createApp(node.services, defaultHttpLimits, hub, { limiter, reads }).app;
  await post("10.0.0.1", `{${" ".repeat(4094)}}`);
  expect(charge.mock.calls).toEqual([
    ["10.0.0.1", 3],
    ["10.0.0.1", 2],
  ]);
});

describe("a body that came with its headers", () => {
  it("reads a body that came with its headers without an event, and charges its client as much", async () => {
    const limiter = new ClientLimiter(systemClock, { perSecond: 1, burst: 9 }, { perSecond: 1, burst: 9 });
    const charge = vi.spyOn(limiter, "charge");
    app = createApp(node.services, defaultHttpLimits, hub, { limiter, reads }).app;
    const json = JSON.stringify(transactionJson(await node.sign({})));
    expect((await postAtOnce("10.0.0.1", json)).status).toBe(202);
    expect(charge.mock.calls).toEqual([
      ["10.0.0.1", 3],
      ["10.0.0.1", json.length / 2048],
    ]);
    expect(await postAtOnce("10.0.0.1", " ".repeat(65_536))).toMatchObject({
      status: 429,
      body: { code: "RATE_LIMITED" },
    });
  });

  it("refuses a body that came with its headers if there is no memory for it", async () => {
    bound(100);
    expect(await postAtOnce("10.0.0.1", " ".repeat(101))).toMatchObject({
      status: 503,
      body: { code: "OVERLOADED" },
    });
  });
});

describe("the memory of bodies", () => {
  it("holds one batch of decoded transactions of each body at a time", async () => {
    const mempool = holdMempool();
    const answer = post("10.0.0.1", await strangers(2 * batch + 500));
    await mempool.added();
    expect(mempool.decoded()).toBe(batch);
    mempool.go();
    expect((await answer).body.rejected).toHaveLength(2 * batch + 500);
    expect(mempool.decoded()).toBe(2 * batch + 500);
  });

  it.each<[string, () => Promise<string | Uint8Array>]>([
    ["an SSZ list", () => strangers(batch)],
    ["a JSON list", async () => `[${"0,".repeat(batch - 1)}0]`],
  ])("counts what is decoded of %s, except for the machine's own programs", async (_, makeBody) => {
    const body = await makeBody();
    const mempool = holdMempool();
    const first = post("10.0.0.1", await strangers(batch));
    await mempool.added();
    expect(await post("10.0.0.1", body)).toMatchObject({ status: 503, body: { code: "OVERLOADED" } });
    const local = post("127.0.0.1", body);
    mempool.go();
    expect([(await first).status, (await local).status]).toEqual([202, 202]);
  });

  it("includes the outcomes of all transactions so far", async () => {
    const list = await strangers(6 * batch);
    bound(list.length + batchBytes + 3 * batch * 256);
    const { rejected } = (await post("10.0.0.1", list)).body;
    expect(rejected.filter(({ code }) => code === "INSUFFICIENT_BALANCE")).toHaveLength(4 * batch);
    expect(rejected.filter(({ code }) => code === "OVERLOADED")).toHaveLength(2 * batch);
  });

  it("memory goes to a client with less: what waits for its turn ends at once", async () => {
    const large = await strangers(2 * batch);
    bound(large.length);
    const turn = Promise.withResolvers<void>();
    const busy = reads.run("10.0.0.3", () => turn.promise);
    const first = post("10.0.0.1", large);
    await expect.poll(() => reads.waiting).toBe(1);
    const second = post("10.0.0.2", await strangers(100));
    expect(await first).toMatchObject({ status: 503, body: { code: "OVERLOADED" } });
    expect(reads.waiting).toBe(1);
    turn.resolve();
    await busy;
    expect((await second).status).toBe(202);
  });

  it("memory goes to a client with less: the batches that were not begun are refused", async () => {
    const mempool = holdMempool();
    const first = post("10.0.0.1", await strangers(batch + 2));
    await mempool.added();
    const second = post("10.0.0.2", await strangers(batch - 100));
    await expect.poll(() => mempool.decoded()).toBeGreaterThan(batch);
    mempool.go();
    const { rejected } = (await first).body;
    expect(rejected.map(({ code }) => code)).toEqual([
      ...new Array(batch).fill("INSUFFICIENT_BALANCE"),
      ...new Array(2).fill("OVERLOADED"),
    ]);
    expect(rejected.map(({ index }) => index)).toEqual(rejected.map((_, index) => index));
    expect((await second).body.rejected.map(({ code }) => code)).toEqual(
      new Array(batch - 100).fill("INSUFFICIENT_BALANCE"),
    );
  });
});
