import { expect, test } from "vitest";
import type { ChainEvents } from "../../../src/chain/assemble.ts";
import type { Verdict } from "../../../src/network/types.ts";
import { HeaderHold, maxHoldMs } from "../../../src/sync/header-hold.ts";
import { BlockError } from "../../../src/types/errors.ts";
import type { SignedHeader } from "../../../src/types/index.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { settledClock } from "../support/sync-node.ts";

const orphaned = new BlockError("UNKNOWN_PARENT", "test");
const early = (aheadMs: number) => new BlockError("FUTURE_BLOCK", "test", { aheadMs });

function holder() {
  const clock = settledClock();
  const events = new Emitter<ChainEvents>(silentLogger);
  /** The listeners that were not removed. */
  let listeners = 0;
  const on = events.on.bind(events);
  events.on = (name, listener) => {
    const off = on(name, listener);
    listeners++;
    return () => {
      listeners--;
      off();
    };
  };
  const stop = new AbortController();
  const hold = new HeaderHold({ chain: { events }, clock, signal: stop.signal });
  const header = (proposer: number, parent = 0, aheadMs = 0) =>
    ({
      message: {
        proposer: numbered(proposer),
        parent: new Uint8Array(32).fill(parent),
        timestamp: clock.now() + aheadMs,
      },
    }) as SignedHeader;
  const arrive = (parent: number) =>
    events.emit("imported", { id: new Uint8Array(32).fill(parent) } as never);
  return { clock, hold, header, arrive, stop, listeners: () => listeners };
}

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

async function passes(): Promise<void> {}

test("holds a bounded number of headers, and has room again once these are judged", async () => {
  const { clock, hold, header, arrive } = holder();
  const verdicts: Verdict[] = [];
  for (let proposer = 0; proposer < 512; proposer++)
    for (let at = 0; at < 8; at++)
      void hold.verdict(header(proposer), orphaned, passes).then((verdict) => verdicts.push(verdict));
  // The first header of an author has a place even then.
  void hold.verdict(header(600), orphaned, passes).then((verdict) => verdicts.push(verdict));
  expect(await hold.verdict(header(600), orphaned, passes)).toBe("ignore");
  expect(verdicts).toEqual([]);
  arrive(0);
  await clock.advance(0);
  expect(verdicts).toEqual(new Array(4_097).fill("accept"));
  const again = hold.verdict(header(1), orphaned, passes);
  arrive(0);
  expect(await again).toBe("accept");
  expect(clock.pending).toBe(0);
});

test("holds eight headers of each proposer, whatever others hold", async () => {
  const { hold, header, stop } = holder();
  const verdicts: Verdict[] = [];
  const wait = (proposer: number) =>
    void hold.verdict(header(proposer), orphaned, passes).then((verdict) => verdicts.push(verdict));
  for (let proposer = 0; proposer < 341; proposer++) for (let at = 0; at < 9; at++) wait(proposer);
  wait(341);
  await new Promise((resolve) => setImmediate(resolve));
  expect(verdicts).toEqual(new Array(341).fill("ignore"));
  stop.abort();
  await new Promise((resolve) => setImmediate(resolve));
  expect(verdicts).toHaveLength(341 * 9 + 1);
});

test("judges a header once its parent has arrived, or its time has come", async () => {
  const { clock, hold, header, arrive, listeners } = holder();
  const refused = async () => {
    throw new BlockError("WRONG_HEIGHT", "test");
  };
  const orphan = hold.verdict(header(1, 3), orphaned, refused);
  expect(listeners()).toBe(1);
  arrive(3);
  expect(await orphan).toBe("reject");
  expect(listeners()).toBe(0);
  const soon = hold.verdict(header(1, 3, 20), early(20), refused);
  await clock.advance(20);
  expect(await soon).toBe("reject");
});

test("waits for the parent and then for the time, both within the time that gossip waits for a verdict", async () => {
  const { clock, hold, header, arrive } = holder();
  const verdicts: Verdict[] = [];
  const wait = (aheadMs: number) => {
    const one = header(1, 3, aheadMs);
    const check = async () => {
      const leftMs = one.message.timestamp - clock.now();
      if (leftMs > 0) throw early(leftMs);
    };
    void hold.verdict(one, orphaned, check).then((verdict) => verdicts.push(verdict));
  };
  wait(2_500);
  wait(maxHoldMs + 1);
  await clock.advance(1_000);
  arrive(4);
  await clock.advance(0);
  expect(verdicts).toEqual([]);
  arrive(3);
  await clock.advance(0);
  expect(verdicts).toEqual(["ignore"]);
  await clock.advance(1_500);
  expect(verdicts).toEqual(["ignore", "accept"]);
});

test("ends with the node", async () => {
  const { clock, hold, header, stop } = holder();
  const orphan = hold.verdict(header(1), orphaned, passes);
  const soon = hold.verdict(header(1, 0, 100), early(100), passes);
  stop.abort();
  expect(await orphan).toBe("ignore");
  expect(await soon).toBe("ignore");
  expect(clock.pending).toBe(0);
});

test("waits for a time that is 3 s ahead, and for no later one", async () => {
  const { clock, hold, header } = holder();
  expect(await hold.verdict(header(1), early(3_001), passes)).toBe("ignore");
  const last = hold.verdict(header(1), early(3_000), passes);
  await clock.advance(2_999);
  expect(clock.pending).toBe(1);
  await clock.advance(1);
  expect(await last).toBe("accept");
});

test("an error that is no fault of a header reaches the caller, and frees the header's place", async () => {
  const { clock, hold, header } = holder();
  const failed = () => Promise.reject(new Error("the disk is full"));
  for (let time = 0; time < 10; time++) {
    const held = hold.verdict(header(1), early(1), failed);
    const thrown = expect(held).rejects.toThrow("the disk is full");
    await clock.advance(1);
    await thrown;
  }
});
