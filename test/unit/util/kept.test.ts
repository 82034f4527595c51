import { expect, test } from "vitest";
import { Kept, keptFor } from "../../../src/util/kept.ts";
import { ManualClock } from "../support/clock.ts";

test("makes a value once for a key, also for those who ask meanwhile", async () => {
  const kept = new Kept<string>();
  const made: string[] = [];
  const get = (key: string) =>
    kept.get(key, async () => {
      made.push(key);
      await undefined;
      return `of ${key}`;
    });
  expect(await Promise.all([get("a"), get("a")])).toEqual(["of a", "of a"]);
  expect(await get("a")).toBe("of a");
  expect(await get("b")).toBe("of b");
  expect(await get("a")).toBe("of a");
  expect(made).toEqual(["a", "b", "a"]);
});

test("keeps neither a failure nor undefined, and a late failure forgets no later value", async () => {
  const kept = new Kept<number>();
  await expect(kept.get("a", () => Promise.reject(new Error("damaged")))).rejects.toThrow("damaged");
  const nothing = new Kept<number | undefined>();
  expect(await nothing.get("a", async () => undefined)).toBeUndefined();
  expect(await nothing.get("a", async () => 1)).toBe(1);

  const { promise, reject } = Promise.withResolvers<number>();
  const slow = kept.get("a", () => promise);
  expect(await kept.get("b", async () => 2)).toBe(2);
  reject(new Error("late"));
  await expect(slow).rejects.toThrow("late");
  expect(await kept.get("b", async () => 3)).toBe(2);
});

test("makes a value anew once it is too old, or the clock was set back", async () => {
  const clock = new ManualClock();
  let made = 0;
  const value = keptFor(clock, 100, () => ++made);
  expect([value(), value()]).toEqual([1, 1]);
  await clock.advance(99);
  expect(value()).toBe(1);
  await clock.advance(1);
  expect(value()).toBe(2);
  clock.setBack(1);
  expect(value()).toBe(3);
});
