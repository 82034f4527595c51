import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, readUint32, readUint64, toHex, uint32Bytes, uint64Bytes } from "../../../src/util/bytes.ts";
import { every, sleep } from "../../../src/util/clock.ts";
import { Emitter } from "../../../src/util/emitter.ts";
import { Heap } from "../../../src/util/heap.ts";
import { silentLogger } from "../../../src/util/logger.ts";
import { LruMap } from "../../../src/util/lru.ts";
import { SerialQueue } from "../../../src/util/serial-queue.ts";
import { ManualClock } from "../support/clock.ts";

const runs = { seed: 1, numRuns: 300 };

test("a callback is called at every interval until it is stopped, also if it stops itself", async () => {
  const clock = new ManualClock();
  const startedAt = clock.now();
  const calledAtMs: number[] = [];
  const stop = every(clock, 100, () => {
    calledAtMs.push(clock.now() - startedAt);
    if (calledAtMs.length === 3) stop();
  });
  await clock.advance(1_000);
  expect(calledAtMs).toEqual([100, 200, 300]);
  expect(clock.pending).toBe(0);
});

test("a heap returns its items in order", () => {
  const step = fc.option(fc.integer(), { nil: undefined, freq: 3 });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const heap = new Heap<number>((a, b) => a < b);
      const model: number[] = [];
      for (const item of steps) {
        if (item === undefined) {
          expect(heap.pop()).toBe(model.sort((a, b) => a - b).shift());
        } else {
          heap.push(item);
          model.push(item);
        }
      }
    }),
    runs,
  );
});

test("an LRU map forgets what was longest unused", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  expect(map.get("a")).toBe(1);
  map.set("c", 3);
  expect([map.has("a"), map.has("b"), map.has("c")]).toEqual([true, false, true]);
  map.set("a", 4);
  map.set("d", 5);
  expect([map.get("a"), map.has("c"), map.get("d")]).toEqual([4, false, 5]);
  map.delete("a");
  expect(map.get("a")).toBeUndefined();
});

test("tasks run one after another, past failures", async () => {
  const queue = new SerialQueue();
  const log: string[] = [];
  const task = (name: string, fails = false) =>
    queue.run(async () => {
      log.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 2));
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const results = Promise.allSettled([task("a"), task("b", true), task("c")]);
  await queue.idle();
  expect(log).toEqual(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  await expect(
    queue.run(() => {
      throw new Error("not even begun");
    }),
  ).rejects.toThrow("not even begun");
});

describe("an emitter", () => {
  test("calls listeners in order, those that came before the event and are still there", () => {
    const emitter = new Emitter<{ tick: number }>(silentLogger);
    const heard: string[] = [];
    const off = emitter.on("tick", (at) => {
      heard.push(`a${at}`);
      emitter.on("tick", () => heard.push("late"));
    });
    emitter.on("tick", (at) => heard.push(`b${at}`));
    emitter.emit("tick", 1);
    off();
    off();
    emitter.emit("tick", 2);
    expect(heard).toEqual(["a1", "b1", "b2", "late"]);
  });

  test("logs what a listener throws or rejects with, and calls the others", async () => {
    const logged: object[] = [];
    const emitter = new Emitter<{ tick: number }>({ error: (fields) => logged.push(fields) });
    const heard: number[] = [];
    emitter.on("tick", async () => {
      throw new Error("a rejection");
    });
    emitter.on("tick", () => {
      throw new Error("a listener's fault");
    });
    emitter.on("tick", (at) => heard.push(at));
    emitter.emit("tick", 1);
    await Promise.resolve();
    expect(heard).toEqual([1]);
    expect(logged).toMatchObject([
      { event: "tick", error: "a listener's fault" },
      { event: "tick", error: "a rejection" },
    ]);
  });
});

test("sleep ends with its time or with the signal, and leaves no timer and no listener", async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  let ended = 0;
  const end = () => ended++;
  void sleep(clock, 100, stop.signal).then(end);
  void sleep(clock, 1000, stop.signal).then(end);
  await clock.advance(150);
  expect([ended, clock.pending]).toEqual([1, 1]);
  stop.abort();
  await clock.advance(1);
  expect([ended, clock.pending]).toEqual([2, 0]);
  await sleep(clock, 1000, stop.signal);
  expect(clock.pending).toBe(0);
});

test("numbers as bytes keep their order, and can be decoded", () => {
  const sorted = (values: number[], encode: (value: number) => Uint8Array) =>
    values.map(encode).sort(Buffer.compare);
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), (values) => {
      const ascending = values.toSorted((a, b) => a - b);
      expect(sorted(values, uint64Bytes).map((bytes) => readUint64(bytes))).toEqual(ascending);
      const small = ascending.map((value) => value % 2 ** 32);
      expect(sorted(small, uint32Bytes).map((bytes) => readUint32(bytes))).toEqual(
        small.toSorted((a, b) => a - b),
      );
    }),
    runs,
  );
});

test("hex can be encoded and decoded, and other texts are refused", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(fromHex(toHex(bytes))).toEqual(bytes);
    }),
    runs,
  );
  for (const text of ["", "00", "0x0", "0xzz", "0x00 ", " 0x00"])
    expect(() => fromHex(text)).toThrow(RangeError);
});
