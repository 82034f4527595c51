import { expect, test } from "vitest";
import type { CheckedBlock } from "../../../src/chain/types.ts";
import { BlockLoad, type BlockSource, maxSources, maxSourcesPerHost } from "../../../src/sync/block-load.ts";
import { ManualClock } from "../support/clock.ts";

const patienceMs = 100;
const block = {} as CheckedBlock;

/** Makes sources that answer on command, and records the requests. */
function sources() {
  const clock = new ManualClock();
  const asked: string[] = [];
  const failures: string[] = [];
  const answers = new Map<string, PromiseWithResolvers<(() => Promise<CheckedBlock>) | undefined>>();
  const source = (from: string): BlockSource => ({
    from,
    async fetch(load) {
      asked.push(from);
      const answer = Promise.withResolvers<(() => Promise<CheckedBlock>) | undefined>();
      answers.set(from, answer);
      const check = await answer.promise;
      return check && load.check(check);
    },
  });
  const load = new BlockLoad(source("a"), {
    clock,
    patienceMs,
    // A peer's name before the `@` is its address.
    hostOf: (peer) => peer.split("@")[0]!,
    onFailure: (error, from) => failures.push(`${from}: ${error}`),
  });
  const answer = (from: string, check = async () => block) => answers.get(from)!.resolve(check);
  return { clock, asked, failures, answers, source, load, answer };
}

test("asks the next peer when the first one is slow, and waits for the last one alone", async () => {
  const { clock, asked, failures, answers, source, load, answer } = sources();
  load.add(source("b"));
  load.add(source("b"));
  expect(load.from).toBe("a");
  await clock.advance(patienceMs - 1);
  expect(asked).toEqual(["a"]);
  await clock.advance(1);
  expect(asked).toEqual(["a", "b"]);
  await clock.advance(10 * patienceMs);
  // No other peer can still answer in time, so a new peer is asked at once.
  load.add(source("c"));
  expect(asked).toEqual(["a", "b", "c"]);
  answer("b");
  expect(await load.ended).toEqual({ block, from: "b" });
  expect(clock.pending).toBe(1);
  answer("c");
  // Once the block is here, nobody is blamed for not sending it.
  answers.get("a")!.reject("too late");
  await clock.advance(patienceMs);
  expect([failures, clock.pending]).toEqual([[], 0]);
});

test("asks the next peer at once if one fails or has nothing; loads nothing if no peer has it", async () => {
  const { clock, asked, failures, answers, source, load } = sources();
  load.add(source("b"));
  answers.get("a")!.reject("broken");
  await clock.advance(0);
  expect([asked, failures]).toEqual([["a", "b"], ["a: broken"]]);
  answers.get("b")!.resolve(undefined);
  expect(await load.ended).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test("asks a new peer at once if only a slow one is left", async () => {
  const { clock, asked, answers, source, load } = sources();
  load.add(source("b"));
  await clock.advance(patienceMs);
  answers.get("b")!.resolve(undefined);
  await clock.advance(0);
  load.add(source("c"));
  expect(asked).toEqual(["a", "b", "c"]);
});

test("asks nobody else while a received block is checked; if it is wrong, asks the next peer", async () => {
  const { clock, asked, failures, source, load, answer } = sources();
  load.add(source("b"));
  const verdict = Promise.withResolvers<CheckedBlock>();
  answer("a", () => verdict.promise);
  await clock.advance(3 * patienceMs);
  expect(asked).toEqual(["a"]);
  verdict.reject("wrong");
  await clock.advance(0);
  expect([asked, failures]).toEqual([["a", "b"], ["a: wrong"]]);
  answer("b");
  expect(await load.ended).toEqual({ block, from: "b" });
});

test.each([
  [3 * patienceMs, ["a", "b"]],
  [patienceMs / 2, ["a"]],
])(
  "after a wrong block, whose source goes on in another way, asks the next peer if %i ms have passed: %j",
  async (ms, expected) => {
    const clock = new ManualClock();
    const asked: string[] = [];
    const verdict = Promise.withResolvers<CheckedBlock>();
    const source = (from: string): BlockSource => ({
      from,
      async fetch(load) {
        asked.push(from);
        await load.check(() => verdict.promise).catch(() => undefined);
        return new Promise(() => undefined);
      },
    });
    const options = { clock, patienceMs, hostOf: (peer: string) => peer, onFailure: () => undefined };
    const load = new BlockLoad(source("a"), options);
    load.add(source("b"));
    await clock.advance(ms);
    expect(asked).toEqual(["a"]);
    verdict.reject("wrong");
    await clock.advance(0);
    expect(asked).toEqual(expected);
  },
);

test("waits for a peer that was asked meanwhile when a slow one before it fails", async () => {
  const { clock, asked, answers, source, load } = sources();
  load.add(source("b"));
  await clock.advance(patienceMs);
  expect(asked).toEqual(["a", "b"]);
  answers.get("a")!.reject("broken");
  await clock.advance(0);
  load.add(source("c"));
  expect(asked).toEqual(["a", "b"]);
  await clock.advance(patienceMs);
  expect(asked).toEqual(["a", "b", "c"]);
});

test("checks one of two blocks that arrive at once, and the other only if the first was wrong", async () => {
  for (const firstIsRight of [true, false]) {
    const { clock, source, load, answer } = sources();
    load.add(source("b"));
    await clock.advance(patienceMs);
    const verdict = Promise.withResolvers<CheckedBlock>();
    let checks = 0;
    const check = (result: Promise<CheckedBlock>) => () => {
      checks++;
      return result;
    };
    answer("a", check(verdict.promise));
    answer("b", check(Promise.resolve(block)));
    await clock.advance(0);
    expect(checks).toBe(1);
    if (firstIsRight) verdict.resolve(block);
    else verdict.reject("wrong");
    expect(await load.ended).toEqual({ block, from: firstIsRight ? "a" : "b" });
    await clock.advance(0);
    expect(checks).toBe(firstIsRight ? 1 : 2);
  }
});

test("asks the last peer even if a crowd announces quickly and delivers nothing", async () => {
  const { clock, asked, source, load } = sources();
  for (let at = 0; at < 30; at++) load.add(source(`liar ${at}`));
  load.add(source("honest"));
  await clock.advance(patienceMs);
  expect(asked).toEqual(["a", "honest"]);
  await clock.advance(3 * patienceMs);
  expect(asked.slice(2)).toEqual(["liar 0", "liar 29", "liar 1"]);
});

test("remembers a bounded number of peers", async () => {
  const { clock, asked, source, load } = sources();
  for (let at = 1; at <= maxSources; at++) load.add(source(`${at}`));
  await clock.advance(100 * patienceMs);
  expect(asked).toHaveLength(maxSources);
  expect(asked).not.toContain(`${maxSources}`);
});

test("addresses take turns, so that a crowd of one is asked no more often than a peer of another", async () => {
  const { clock, asked, source, load } = sources();
  for (let at = 0; at < 80; at++) load.add(source(`crowd@${at}`));
  for (const name of ["b", "c", "d"]) load.add(source(name));
  load.add(source("crowd@last"));
  await clock.advance(4 * patienceMs);
  expect(asked.filter((name) => !name.startsWith("crowd")).sort()).toEqual(["a", "b", "c", "d"]);
  await clock.advance(100 * patienceMs);
  expect(asked.filter((name) => name.startsWith("crowd"))).toHaveLength(maxSourcesPerHost);
});
