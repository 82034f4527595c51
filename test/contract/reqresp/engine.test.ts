import { expect, test } from "vitest";
import { RequestError, type RequestErrorCode } from "../../../protocols/index.ts";
import type { LibP2pNetwork } from "../../../src/network/network.ts";
import { serveLimits } from "../../../src/network/serve-budget.ts";
import type { NetworkObserver } from "../../../src/network/types.ts";
import { closed } from "../../../src/util/errors.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { payloads } from "../../frame-payloads.ts";
import { ManualClock } from "../../unit/support/clock.ts";
import { advanceUntil, startNode, startPair, until } from "../network/nodes.ts";
import { type Ask, type Chunk, hasty, many, type Thanks } from "./protocol.ts";
import { connect, rawFrame, rawPeer, readAll } from "./raw-peer.ts";

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The answer of a handler that never comes to an end. */
async function* unending(): AsyncGenerator<Chunk> {
  await new Promise(() => undefined);
  yield* [];
}

async function* answer({ count, bytes }: Ask): AsyncGenerator<Chunk> {
  for (let index = 0; index < count; index++) yield { index, data: new Uint8Array(bytes).fill(index) };
}

async function collect<T>(chunks: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

async function codeOf(promise: Promise<unknown>): Promise<RequestErrorCode | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(RequestError);
    return (error as RequestError).code;
  }
}

const scoreOf = (network: LibP2pNetwork) => network.peers()[0]?.score ?? 0;

/** Records how requests end on the answering side; `begun` counts the received ones. */
function watchAnswers() {
  const seen = { begun: 0, ends: [] as string[] };
  const observer: NetworkObserver = {
    published: () => undefined,
    received: () => () => undefined,
    request: (direction) => {
      if (direction === "outbound") return () => undefined;
      seen.begun++;
      return (result) => void seen.ends.push(result);
    },
  };
  return { seen, observer };
}

/** Checks that the server still answers an honest peer. */
async function expectServing(server: LibP2pNetwork): Promise<void> {
  const honest = await startNode(99, { bootstrap: server.addresses() });
  await until(() => honest.peers().length === 1);
  expect(await collect(honest.request(server.peerId, many, { count: 2, bytes: 10 }))).toHaveLength(2);
}

test("yields the chunks in order, and hands the acknowledgement to the handler", async () => {
  const [a, b] = await startPair();
  const acks: Thanks[] = [];
  b.serve(many, (ask, { peer, onAck }) => {
    expect(peer).toBe(a.peerId);
    onAck((ack) => acks.push(ack));
    return answer(ask);
  });
  const ack = (last: Chunk) => ({ count: last.index + 1 });
  const chunks = await collect(a.request(b.peerId, many, { count: 3, bytes: 5 }, { ack }));
  expect(chunks).toEqual([0, 1, 2].map((index) => ({ index, data: new Uint8Array(5).fill(index) })));
  await until(() => acks.length === 1);
  expect(acks).toEqual([{ count: 3 }]);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test("an answer may be empty, or as large as its caps allow", async () => {
  const [a, b] = await startPair();
  b.serve(many, answer);
  expect(await collect(a.request(b.peerId, many, { count: 0, bytes: 0 }))).toEqual([]);
  expect(await collect(a.request(b.peerId, many, { count: 16, bytes: 0 }))).toHaveLength(16);
  const [large] = await collect(a.request(b.peerId, many, { count: 1, bytes: many.maxResponseBytes - 8 }));
  expect(large?.data.length).toBe(many.maxResponseBytes - 8);
});

test("closes every stream", async () => {
  const [a, b] = await startPair();
  b.serve(many, answer);
  for (let n = 0; n < 40; n++) await collect(a.request(b.peerId, many, { count: 1, bytes: 1 }));
  for (let n = 0; n < 40; n++) {
    for await (const _ of a.request(b.peerId, many, { count: 16, bytes: 100_000 })) break;
  }
  expect(await collect(a.request(b.peerId, many, { count: 1, bytes: 1 }))).toHaveLength(1);
});

test("many requests at once are answered", async () => {
  const [a, b] = await startPair();
  b.serve(many, answer);
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => collect(a.request(b.peerId, many, { count: 4, bytes: 300_000 }))),
  );
  expect(answers.every((chunks) => chunks.length === 4)).toBe(true);
});

test("a slow consumer is not timed out, and does not hold up the answerer", async () => {
  const clock = new ManualClock();
  const { seen, observer } = watchAnswers();
  const [a, b] = await startPair({ clock, observer });
  b.serve(many, answer);
  let count = 0;
  for await (const _ of a.request(b.peerId, many, { count: 3, bytes: 1_000_000 })) {
    if (++count > 1) continue;
    await until(() => seen.ends.length === 1);
    // The pause is longer than the time-out, and than the answerer waits for the stream to be closed.
    await clock.advance(3 * many.timeoutMs);
  }
  expect([count, seen.ends]).toEqual([3, ["success"]]);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test.each<[RequestErrorCode]>([
  ["invalidRequest"],
  ["resourceUnavailable"],
  ["rateLimited"],
  ["serverError"],
])("a handler that throws RequestError %s answers with that result", async (code) => {
  const [a, b] = await startPair();
  // biome-ignore lint/correctness/useYield: fails before its first chunk
  b.serve(many, async function* () {
    throw new RequestError(code, "because");
  });
  const asked = collect(a.request(b.peerId, many, { count: 1, bytes: 1 }));
  await expect(asked).rejects.toMatchObject({ code, message: "the peer answers: because" });
  expect(scoreOf(a)).toBe(0);
  if (code === "invalidRequest") await until(() => scoreOf(b) < 0);
});

test("a handler that throws anything else answers serverError without its text; chunks before it arrive", async () => {
  const [a, b] = await startPair();
  b.serve(many, async function* () {
    yield { index: 0, data: new Uint8Array(1) };
    throw new Error("secret");
  });
  const chunks: Chunk[] = [];
  const asked = (async () => {
    for await (const chunk of a.request(b.peerId, many, { count: 1, bytes: 1 })) chunks.push(chunk);
  })();
  await expect(asked).rejects.toMatchObject({
    code: "serverError",
    message: "the peer answers: internal error",
  });
  expect(chunks).toHaveLength(1);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test("does not log a request as an error that is under way when the node stops", async () => {
  const logged: string[] = [];
  const error = (_fields: object, message: string) => void logged.push(message);
  const [a, b] = await startPair({ logger: { ...silentLogger, error } });
  // biome-ignore lint/correctness/useYield: fails before its first chunk
  b.serve(many, async function* ({ count }) {
    if (count === 1) closed("the database");
    throw new Error("damaged");
  });
  const ask = (count: number) => codeOf(collect(a.request(b.peerId, many, { count, bytes: 1 })));
  expect([await ask(1), logged]).toEqual(["serverError", []]);
  expect([await ask(2), logged.length]).toEqual(["serverError", 1]);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test("refuses a requester above the serving budget without blaming it", async () => {
  const perPeer = { requests: 100_000, perMs: 1_000_000 };
  const [a, b] = await startPair({ serveLimits: { ...serveLimits, perPeer, maxWaitMs: 200 } });
  const read: number[] = [];
  b.serve(many, async function* (ask, context) {
    await context.read(40_000);
    read.push(40_000);
    yield* answer(ask);
  });
  const ask = (bytes: number) => collect(a.request(b.peerId, many, { count: 1, bytes }));
  expect(await ask(60_000)).toHaveLength(1);
  await expect(ask(1)).rejects.toMatchObject({ code: "rateLimited" });
  expect(read).toHaveLength(1);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test("holds the budget of what was read for an answer until it is sent or given up", async () => {
  const clock = new ManualClock();
  const { seen, observer } = watchAnswers();
  const maxWaitMs = 300;
  const [a, b] = await startPair({
    clock,
    observer,
    isExempt: () => false,
    serveLimits: { ...serveLimits, heldPerHost: 500_000, maxWaitMs },
  });
  let asked = 0;
  let holds = false;
  b.serve(many, async function* (ask, { read }) {
    asked++;
    await read(300_000);
    if (ask.count === 2) {
      holds = true;
      yield* unending();
    }
    yield* answer(ask);
  });
  const controller = new AbortController();
  const stalled = codeOf(collect(a.request(b.peerId, many, { count: 2, bytes: 1 }, controller)));
  await until(() => holds);
  const ask = () => collect(a.request(b.peerId, many, { count: 1, bytes: 1 }));
  const refused = codeOf(ask());
  await until(() => asked === 2);
  await clock.advance(maxWaitMs);
  expect(await refused).toBe("rateLimited");
  controller.abort();
  expect(await stalled).toBe("aborted");
  await until(() => seen.ends.length === 2);
  for (let times = 0; times < 4; times++) expect(await ask()).toHaveLength(1);
});

test.each([
  ["chunks", { count: 17, bytes: 0 }],
  ["one chunk", { count: 1, bytes: 2 ** 23 }],
  ["all chunks", { count: 3, bytes: 2 ** 23 - 8 }],
])("a server never sends an answer over its caps: %s", async (_, ask) => {
  const [a, b] = await startPair();
  b.serve(many, answer);
  expect(await codeOf(collect(a.request(b.peerId, many, ask)))).toBe("serverError");
});

test("a handler that takes too long is a time-out for the requester, and costs the requester nothing", async () => {
  const clock = new ManualClock();
  const [a, b] = await startPair({ clock });
  let begun = false;
  b.serve(hasty, async function* () {
    begun = true;
    yield* unending();
  });
  const code = codeOf(collect(a.request(b.peerId, hasty, { count: 1, bytes: 1 })));
  await until(() => begun);
  await clock.advance(1.5 * hasty.timeoutMs);
  expect(await code).toMatch(/^(timeout|connection)$/);
  expect(scoreOf(b)).toBe(0);
});

test("the handler ends when the requester goes away", async () => {
  const [a, b] = await startPair();
  let closed = false;
  b.serve(many, async function* (ask) {
    try {
      for (;;) {
        yield* answer({ ...ask, count: 1 });
        await wait(10);
      }
    } finally {
      closed = true;
    }
  });
  for await (const _ of a.request(b.peerId, { ...many, maxChunks: 1_000 }, { count: 1, bytes: 1 })) break;
  await until(() => closed);
});

test("the caller's signal ends a request at once", async () => {
  const [a, b] = await startPair();
  b.serve(many, unending);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 50);
  const asked = collect(a.request(b.peerId, many, { count: 1, bytes: 1 }, { signal: controller.signal }));
  expect(await codeOf(asked)).toBe("aborted");
  expect(
    await codeOf(collect(a.request(b.peerId, many, { count: 1, bytes: 1 }, { signal: controller.signal }))),
  ).toBe("aborted");
  expect(scoreOf(a)).toBe(0);
});

test("reports a peer that is not connected, and a protocol that it does not support", async () => {
  const [a, b] = await startPair();
  expect(await codeOf(collect(a.request(b.peerId, many, { count: 1, bytes: 1 })))).toBe("unsupported");
  b.serve(many, answer);
  await b.disconnect(a.peerId, { forMs: 60_000 });
  await until(() => a.peers().length === 0);
  expect(await codeOf(collect(a.request(b.peerId, many, { count: 1, bytes: 1 })))).toBe("connection");
});

test("an honest node stays below the quota by itself; nobody is penalized", async () => {
  const [a, b] = await startPair();
  b.serve(many, answer);
  const limited = { ...many, quota: { requests: 100, perMs: 1_000 } };
  const begin = Date.now();
  for (let n = 0; n < 120; n++) await collect(a.request(b.peerId, limited, { count: 1, bytes: 1 }));
  // 90 requests pass at once, then 90 a second.
  expect(Date.now() - begin).toBeGreaterThan(300);
  expect([scoreOf(a), scoreOf(b)]).toEqual([0, 0]);
});

test("answers a requester above its quota with rateLimited, and takes a little of its score", async () => {
  const server = await startNode(1);
  server.serve({ ...many, quota: { requests: 3, perMs: 60_000 } }, answer);
  const raw = await rawPeer();
  const connection = await connect(raw, server.addresses());
  const results: number[] = [];
  for (let n = 0; n < 6; n++) {
    const stream = await connection.newStream(many.id);
    const read = readAll(stream);
    stream.send(rawFrame(new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0])));
    await stream.close();
    results.push(payloads((await read).bytes)[0]![0]!);
  }
  expect(results).toEqual([5, 5, 5, 4, 4, 4]);
  await until(() => scoreOf(server) <= -2);
  expect(scoreOf(server)).toBeGreaterThan(-10);
  await expectServing(server);
});

test("answers rateLimited while eight answers to one peer in one protocol are under way", async () => {
  const [a, b] = await startPair();
  const opened = Promise.withResolvers<void>();
  let begun = 0;
  b.serve(many, async function* (ask) {
    begun++;
    await opened.promise;
    yield* answer(ask);
  });
  const ask = () => collect(a.request(b.peerId, many, { count: 1, bytes: 1 }));
  const eight = Array.from({ length: 8 }, ask);
  await until(() => begun === 8);
  expect(await codeOf(ask())).toBe("rateLimited");
  opened.resolve();
  for (const chunks of await Promise.all(eight)) expect(chunks).toHaveLength(1);
  await until(async () => (await codeOf(ask())) === undefined);
});

const good = new Uint8Array([2, 0, 0, 0, 3, 0, 0, 0]);

test("bytes on the wire are those of the specification", async () => {
  const server = await startNode(1);
  server.serve(many, answer);
  const connection = await connect(await rawPeer(), server.addresses());
  const stream = await connection.newStream(many.id);
  const read = readAll(stream);
  stream.send(rawFrame(good));
  await stream.close();
  const { bytes } = await read;
  const chunk = (index: number) => [12, 0, index, 0, 0, 0, 8, 0, 0, 0, index, index, index];
  expect([...bytes]).toEqual([...chunk(0), ...chunk(1), 1, 5]);
});

test("a request that is there with its FIN before the handler attaches is answered", async () => {
  const server = await startNode(1);
  server.serve(many, answer);
  const connection = await connect(await rawPeer(), server.addresses());
  const streams = await Promise.all(Array.from({ length: 6 }, () => connection.newStream(many.id)));
  const reads = streams.map(readAll);
  for (const stream of streams) {
    stream.send(rawFrame(good));
    // Not awaited, so that FIN follows in the same packet.
    void stream.close();
  }
  for (const { bytes } of await Promise.all(reads))
    expect(payloads(bytes).map(([code]) => code)).toEqual([0, 0, 5]);
});

test.each<[string, Uint8Array[], number | undefined]>([
  ["garbage", [new Uint8Array(40).fill(0xff)], 1],
  ["a length over the cap", [rawFrame(new Uint8Array(65))], 1],
  ["a huge length", [new Uint8Array([0xff, 0xff, 0xff, 0x7f])], 1],
  ["a length that never ends", [new Uint8Array(9).fill(0x80)], 1],
  ["wrong SSZ: too short", [rawFrame(new Uint8Array(3))], 1],
  ["wrong SSZ: too long", [rawFrame(new Uint8Array(9))], 1],
  ["an empty message", [rawFrame(new Uint8Array(0))], 1],
  ["a flood", [new Uint8Array(100_000)], undefined],
])("a bad request (%s) is answered invalidRequest or reset, and costs score", async (_, parts, result) => {
  const server = await startNode(1);
  let asked = 0;
  server.serve(many, (ask) => {
    asked++;
    return answer(ask);
  });
  const connection = await connect(await rawPeer(), server.addresses());
  const stream = await connection.newStream(many.id);
  const read = readAll(stream);
  for (const part of parts) stream.send(part);
  const { bytes, error } = await read;
  if (result !== undefined) expect(payloads(bytes)[0]?.[0]).toBe(result);
  else expect(error).toBeDefined();
  expect(asked).toBe(0);
  await until(() => scoreOf(server) < 0);
  await expectServing(server);
});

test("an acknowledgement that does not decode costs as much as a bad request; none costs nothing", async () => {
  const server = await startNode(1);
  const acks: Thanks[] = [];
  server.serve(many, (ask, { onAck }) => {
    onAck((ack) => acks.push(ack));
    return answer(ask);
  });
  const connection = await connect(await rawPeer(), server.addresses());
  for (const ack of [undefined, new Uint8Array(3)]) {
    expect(scoreOf(server)).toBe(0);
    const stream = await connection.newStream(many.id);
    const read = readAll(stream);
    stream.send(rawFrame(good));
    if (ack) stream.send(rawFrame(ack));
    await stream.close();
    const { bytes } = await read;
    expect(payloads(bytes).map(([code]) => code)).toEqual([0, 0, 5]);
  }
  await until(() => scoreOf(server) < 0);
  expect(acks).toEqual([]);
});

test("a truncated request costs score; a stream without a request does not", async () => {
  const server = await startNode(1);
  server.serve(many, answer);
  const connection = await connect(await rawPeer(), server.addresses());
  const empty = await connection.newStream(many.id);
  await wait(50);
  await empty.close();
  await wait(100);
  expect(scoreOf(server)).toBe(0);
  const stream = await connection.newStream(many.id);
  stream.send(rawFrame(good).subarray(0, 4));
  await stream.close();
  await until(() => scoreOf(server) < 0);
  await expectServing(server);
});

test("a requester that trickles its request is cut at the deadline", async () => {
  const clock = new ManualClock();
  const { seen, observer } = watchAnswers();
  const server = await startNode(1, { clock, observer });
  server.serve(hasty, answer);
  const connection = await connect(await rawPeer(), server.addresses());
  const stream = await connection.newStream(many.id);
  const read = readAll(stream);
  await until(() => seen.begun === 1);
  // Sends the beginning of a length prefix that may be this long.
  for (let sent = 0; sent < 3; sent++) {
    expect(seen.ends).toEqual([]);
    stream.send(new Uint8Array([0x80]));
    await wait(50);
    await clock.advance(0.4 * hasty.timeoutMs);
  }
  expect((await read).error).toBeDefined();
  expect(seen.ends).toEqual(["timeout"]);
  await until(() => scoreOf(server) < 0);
  await expectServing(server);
});

test("cuts off a requester that does not read the answer, and produces no more of it than the stream holds", async () => {
  const clock = new ManualClock();
  const server = await startNode(1, { clock });
  let made = 0;
  let ended = false;
  server.serve({ ...hasty, maxChunks: 1_000, maxTotalBytes: 2 ** 30 }, async function* (ask) {
    if (ask.bytes === 10) return yield* answer(ask);
    try {
      for (;;) {
        made++;
        yield { index: 0, data: new Uint8Array(1_000_000) };
      }
    } finally {
      ended = true;
    }
  });
  const connection = await connect(await rawPeer(), server.addresses());
  const stream = await connection.newStream(many.id);
  stream.pause();
  stream.send(rawFrame(good));
  await until(() => made > 0);
  // Leaves time for the stream to fill.
  await wait(300);
  expect(ended).toBe(false);
  await advanceUntil(clock, hasty.timeoutMs, () => ended);
  // The stream holds its window, which has grown while the peer still read, and one chunk.
  expect(made).toBeLessThan(8);
  await expectServing(server);
});
