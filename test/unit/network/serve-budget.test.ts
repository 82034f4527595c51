import { expect, test } from "vitest";
import type { Meter } from "../../../protocols/index.ts";
import { placeOf } from "../../../src/network/address.ts";
import { ServeBudget, type ServeLimits } from "../../../src/network/serve-budget.ts";
import { ManualClock } from "../support/clock.ts";

const perMs = 10_000;
const limits: ServeLimits = {
  perPeer: { requests: 1_000, perMs },
  perHost: { requests: 2_000, perMs },
  inAll: { requests: 4_000, perMs },
  heldPerHost: 10_000,
  heldInAll: 10_000,
  maxWaitMs: 2_000,
  waitingPerHost: 4,
  waiting: 8,
};

function setUp(changed: Partial<ServeLimits> = {}) {
  const clock = new ManualClock();
  const budget = new ServeBudget(clock, { ...limits, ...changed });
  const started: string[] = [];
  const meter = (peer: string, host: string | number, isExempt = false) =>
    budget.meter(peer, placeOf(`/ip4/198.51.100.${host}/tcp/1`), isExempt);
  /** Resolves to "started", or to the code of the refusal. */
  const read = async (of: Meter, bytes: number, name = "", signal = new AbortController().signal) => {
    try {
      await of.read(bytes, signal);
      started.push(name);
      return "started";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  /** Reads and sends at once. */
  const serve = async (of: Meter, bytes: number, name = "") => {
    const result = await read(of, bytes, name);
    of.release();
    return result;
  };
  return { clock, budget, meter, read, serve, started };
}

const pending = Symbol("pending");
const stateOf = <T>(promise: Promise<T>) =>
  Promise.race([promise, new Promise((resolve) => setImmediate(resolve, pending))]);

test("gives a peer its quota at once and more later, and refuses requests that would wait too long", async () => {
  const { clock, meter, serve } = setUp();
  const peer = meter("a", 1);
  expect(await serve(peer, 1_000)).toBe("started");
  const next = serve(peer, 500);
  await clock.advance(9);
  expect(await stateOf(next)).toBe(pending);
  await clock.advance(1);
  expect(await next).toBe("started");
  const tooLate = serve(peer, 1);
  await clock.advance(1_999);
  expect(await stateOf(tooLate)).toBe(pending);
  await clock.advance(1);
  expect(await tooLate).toBe("rateLimited");
  expect(clock.pending).toBe(0);
});

test("counts bytes sent like bytes read", async () => {
  const { meter, serve, read } = setUp();
  const peer = meter("a", 1);
  peer.charge(1_000);
  expect(await stateOf(read(peer, 1))).toBe(pending);
  expect(await serve(meter("b", 1), 1)).toBe("started");
});

test("shares the quota of an address among its peers, apart from other addresses", async () => {
  const { meter, serve } = setUp();
  for (const peer of ["a", "b"]) expect(await serve(meter(peer, 1), 1_000)).toBe("started");
  expect(await stateOf(serve(meter("c", 1), 1))).toBe(pending);
  expect(await serve(meter("d", 2), 1_000)).toBe("started");
});

test("limits an exempt address only by the total", async () => {
  const { meter, serve } = setUp();
  for (const peer of ["a", "b", "c", "d"]) expect(await serve(meter(peer, 1, true), 1_000)).toBe("started");
  expect(await stateOf(serve(meter("e", 1, true), 1))).toBe(pending);
  expect(await stateOf(serve(meter("f", 2), 1))).toBe(pending);
});

test("when the budget is used up, the address that had least goes first", async () => {
  const { clock, meter, serve, started } = setUp({ waitingPerHost: 100, waiting: 100 });
  for (const host of [1, 2]) for (const peer of ["a", "b"]) await serve(meter(`${peer}${host}`, host), 1_000);
  started.length = 0;
  const attackers = Array.from({ length: 20 }, (_, index) =>
    serve(meter(`new ${index}`, 1 + (index % 2)), 100, "attacker"),
  );
  const honest = [1, 2, 3].map(() => serve(meter("honest", 3), 100, "honest"));
  await clock.advance(1_000);
  expect(started.slice(0, 3)).toEqual(["honest", "honest", "honest"]);
  expect(await Promise.all(honest)).toEqual(Array(3).fill("started"));
  await clock.advance(2_000);
  await Promise.all(attackers);
});

test("serves first the peer of an address that had least", async () => {
  const { clock, meter, serve, started } = setUp({ perPeer: { requests: 10_000, perMs } });
  await serve(meter("greedy", 1), 1_900);
  await serve(meter("modest", 1), 100);
  started.length = 0;
  const both = ["greedy", "modest"].map((peer) => serve(meter(peer, 1), 100, peer));
  await clock.advance(2_000);
  await Promise.all(both);
  expect(started).toEqual(["modest", "greedy"]);
});

test("bounds the bytes that an address has not read yet; a large answer proceeds alone", async () => {
  const { meter, read } = setUp({ heldPerHost: 300 });
  const first = meter("a", 1);
  expect(await read(first, 500)).toBe("started");
  const second = read(meter("b", 1), 1);
  expect(await stateOf(second)).toBe(pending);
  expect(await read(meter("c", 2), 200)).toBe("started");
  expect(await read(meter("d", 2), 100)).toBe("started");
  expect(await stateOf(read(meter("d", 2), 1))).toBe(pending);
  first.release();
  expect(await second).toBe("started");
});

test("bounds the bytes that all addresses together have not read yet", async () => {
  const { meter, read } = setUp({ heldInAll: 300 });
  const first = meter("a", 1, true);
  expect(await read(first, 500)).toBe("started");
  const second = read(meter("b", 2), 1);
  expect(await stateOf(second)).toBe(pending);
  first.release();
  expect(await second).toBe("started");
  expect(await read(meter("c", 3), 299)).toBe("started");
  expect(await stateOf(read(meter("d", 4), 1))).toBe(pending);
});

test("bounds the number of waiting answers, for one address and in all", async () => {
  const { meter, read } = setUp();
  for (const host of [1, 2, 3]) {
    meter("a", host).charge(0);
    for (const peer of ["a", "b"]) meter(`${peer}${host}`, host).charge(2_000);
  }
  const waiting = (host: number) => stateOf(read(meter(`c${host}`, host), 1));
  for (let count = 0; count < limits.waitingPerHost; count++) expect(await waiting(1)).toBe(pending);
  expect(await waiting(1)).toBe("rateLimited");
  for (let count = 0; count < limits.waitingPerHost; count++) expect(await waiting(2)).toBe(pending);
  expect(await waiting(3)).toBe("rateLimited");
});

test("a requester that goes away no longer waits, and pays nothing", async () => {
  const { clock, meter, read, serve } = setUp();
  const peer = meter("a", 1);
  await serve(peer, 1_000);
  const controller = new AbortController();
  const gone = read(peer, 1_000, "", controller.signal);
  controller.abort();
  expect(await gone).toBe("aborted");
  const next = serve(peer, 1);
  await clock.advance(10);
  expect(await next).toBe("started");
  expect(await read(peer, 1, "", controller.signal)).toBe("aborted");
});
