import { expect, it, vi } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads, dearReadLimits } from "../../../src/api/dear-reads.ts";
import { handshakeTokens, recordsAtOnce, recordTokens, tlsToll } from "../../../src/api/tls-records.ts";
import { TrustedProxies } from "../../../src/api/trusted-proxies.ts";
import { ManualClock } from "../support/clock.ts";

const address = "192.0.2.1";

const plenty = { perSecond: 1e6, burst: 1e6 };

function gate(rate = { perSecond: 100, burst: 2 * handshakeTokens }, now: () => number = () => 0) {
  const clock = new ManualClock();
  const limiter = new ClientLimiter(clock, rate, plenty);
  const reads = new DearReads(clock, now);
  const proxies = new TrustedProxies(["10.0.0.0/8"]);
  const { handshake: admit, records } = tlsToll({ limiter, reads, proxies });
  return { clock, limiter, reads, admit, records };
}

it("a handshake is paid for like requests, until its client has nothing left", async () => {
  const { clock, limiter, admit } = gate();
  let begun = 0;
  const begin = () => void begun++;
  await admit(address, begin);
  await admit(address, begin);
  await expect(admit(address, begin)).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(limiter.retryAfterS(address)).toBeGreaterThan(0);
  expect(begun).toBe(2);
  await admit("192.0.2.2", begin);
  await clock.advance(1_000);
  await admit(address, begin);
  expect(begun).toBe(4);
});

it("handshakes take turns with expensive reads, and those of a client that had less go first", async () => {
  let nowMs = 0;
  const { reads, admit } = gate(plenty, () => nowMs);
  const order: string[] = [];
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const reading = reads.run(address, async () => {
    await held;
    nowMs += 100;
  });
  const handshakes = [address, address, "192.0.2.2"].map((each) => admit(each, () => void order.push(each)));
  await Promise.resolve();
  expect(order).toEqual([]);
  release();
  await Promise.all([reading, ...handshakes]);
  expect(order).toEqual(["192.0.2.2", address, address]);
});

it("refuses a client that has too many waiting", async () => {
  const { reads, admit } = gate(plenty);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const reading = reads.run("192.0.2.3", () => held);
  const begin = () => undefined;
  const waiting = Array.from({ length: dearReadLimits.waitingPerClient }, () => admit(address, begin));
  await expect(admit(address, begin)).rejects.toMatchObject({ code: "OVERLOADED" });
  release();
  await Promise.all([reading, ...waiting]);
});

it("records are paid for until a client owes a whole burst", async () => {
  const { records } = gate({ perSecond: 1, burst: 100 });
  const pay = records(address);
  const passed: number[] = [];
  const pass = (piece: Buffer) => void passed.push(piece.length);
  const count = 200 / recordTokens;
  for (let paid = 0; paid < count; paid += 50) await pay(50, Buffer.alloc(10), pass);
  expect(passed).toEqual(new Array(count / 50).fill(10));
  await expect(pay(1, Buffer.alloc(10), pass)).rejects.toMatchObject({ code: "OVERLOADED" });
  await records("192.0.2.2")(1, Buffer.alloc(3), pass);
  expect(passed.at(-1)).toBe(3);
});

it("crumbs are decrypted piece by piece, in turns with expensive reads; a few records at once", async () => {
  const { reads, records } = gate(plenty);
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const reading = reads.run("192.0.2.3", () => held);
  let passed = 0;
  const pass = (piece: Buffer) => {
    passed += piece.length;
  };
  const crumbs = records(address)(recordsAtOnce + 1, Buffer.alloc(10_000), pass);
  await records(address)(recordsAtOnce, Buffer.alloc(1), pass);
  expect(passed).toBe(1);
  const run = vi.spyOn(reads, "run");
  release();
  await Promise.all([reading, crumbs]);
  expect([passed, run.mock.calls.length]).toEqual([10_001, 2]);
});

it("a trusted proxy and the machine itself do not wait", async () => {
  const { reads, admit, records } = gate();
  void reads.run(address, () => new Promise(() => undefined));
  let begun = 0;
  for (let count = 0; count < 10; count++)
    for (const each of ["10.1.2.3", "127.0.0.1", "::1"]) {
      await admit(each, () => void begun++);
      await records(each)(1_000, Buffer.alloc(1), () => void begun++);
    }
  expect(begun).toBe(60);
});
