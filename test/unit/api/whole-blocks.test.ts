import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ClientLimiter } from "../../../src/api/client-limiter.ts";
import { DearReads } from "../../../src/api/dear-reads.ts";
import { quickReadMs, WholeBlocks } from "../../../src/api/whole-blocks.ts";
import type { Chain } from "../../../src/chain/chain.ts";
import { ManualClock } from "../support/clock.ts";

const id = new Uint8Array(32);
const rate = { perSecond: 1, burst: 100 };

function answer(remoteAddress: string): ServerResponse {
  const destroy = () => {
    outgoing.closed = true;
    outgoing.emit("close");
  };
  const req = { socket: { remoteAddress, destroy } };
  const outgoing = Object.assign(new EventEmitter(), { closed: false, req });
  return outgoing as unknown as ServerResponse;
}

function setting(bodyBytes: number) {
  const chain = {
    tree: { get: async () => ({ bodyBytes }) },
    reader: { byId: async () => ({ height: 1 }) },
  } as unknown as Chain;
  const clock = new ManualClock();
  const limiter = new ClientLimiter(clock, rate, rate);
  const reads = new DearReads(clock);
  const blocks = new WholeBlocks(1_000, { limiter, reads, clock });
  const read = (outgoing: ServerResponse) => blocks.read(chain, id, outgoing, (block) => block);
  return { chain, clock, limiter, reads, read };
}

test("gives one client half of the blocks in answers under way, and leaves the rest to others", async () => {
  const { read } = setting(250);
  const first = answer("10.0.0.1");
  await read(first);
  await read(answer("10.0.0.1"));
  await expect(read(answer("10.0.0.1"))).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(await read(answer("10.0.0.2"))).toBeDefined();
  expect(await read(answer("10.0.0.3"))).toBeDefined();
  await expect(read(answer("10.0.0.4"))).rejects.toMatchObject({ code: "OVERLOADED" });
  first.emit("close");
  expect(await read(answer("10.0.0.1"))).toBeDefined();
});

test("two clients that read slowly keep out no third: their oldest answers are cut off, but none that is new", async () => {
  const { clock, read } = setting(250);
  const slow = [1, 1, 2, 2].map((host) => answer(`10.0.0.${host}`));
  for (const each of slow) await read(each);
  await clock.advance(quickReadMs - 1);
  await expect(read(answer("10.0.0.3"))).rejects.toMatchObject({ code: "OVERLOADED" });
  await clock.advance(1);
  expect(await read(answer("10.0.0.3"))).toBeDefined();
  expect(slow.map(({ closed }) => closed)).toEqual([true, false, false, false]);
  expect(await read(answer("127.0.0.1"))).toBeDefined();
  expect(slow.filter(({ closed }) => closed)).toHaveLength(2);
  await expect(read(answer("10.0.0.2"))).rejects.toMatchObject({ code: "OVERLOADED" });
});

test("a clock that is set back does not keep the places of slow readers for them", async () => {
  const { clock, read } = setting(250);
  for (const host of [1, 1, 2, 2]) await read(answer(`10.0.0.${host}`));
  const nowMs = clock.now();
  clock.now = () => nowMs - quickReadMs;
  expect(await read(answer("10.0.0.3"))).toBeDefined();
});

test("gives a client one block that is larger than its share", async () => {
  const { read } = setting(5_000);
  expect(await read(answer("10.0.0.1"))).toBeDefined();
  await expect(read(answer("10.0.0.1"))).rejects.toMatchObject({ code: "OVERLOADED" });
});

test("charges the client for the size of the block", async () => {
  const { limiter, read } = setting(400 * 1024);
  await read(answer("10.0.0.1"));
  // The block costs 200 of 100 tokens, a debt as large as a burst.
  expect(limiter.retryAfterS("10.0.0.1")).toBe(101);
  expect(limiter.retryAfterS("10.0.0.2")).toBe(0);
});

test("charges nothing for a block that it refuses to read", async () => {
  const { limiter, read } = setting(400 * 1024);
  await read(answer("10.0.0.1"));
  await expect(read(answer("10.0.0.2"))).rejects.toMatchObject({ code: "OVERLOADED" });
  expect(limiter.retryAfterS("10.0.0.2")).toBe(0);
});

test("an answer that is closed by then is neither read nor holds anything", async () => {
  const { read, reads, chain } = setting(1_000);
  const gone = answer("10.0.0.1");
  const before = read(gone);
  gone.req.socket.destroy();
  expect(await before).toBeUndefined();
  const turn = Promise.withResolvers<void>();
  const busy = reads.run("10.0.0.2", () => turn.promise);
  const waits = answer("10.0.0.1");
  const later = read(waits);
  await expect.poll(() => reads.waiting).toBe(1);
  waits.req.socket.destroy();
  chain.reader.byId = () => expect.unreachable("nobody waits for it");
  turn.resolve();
  await busy;
  expect(await later).toBeUndefined();
});
