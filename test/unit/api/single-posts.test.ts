import { expect, test } from "vitest";
import { SinglePosts } from "../../../src/api/single-posts.ts";
import type { Mempool } from "../../../src/mempool/mempool.ts";
import type { Source } from "../../../src/mempool/types.ts";
import { splitTransactions } from "../../../src/types/index.ts";
import { ManualClock } from "../support/clock.ts";

/** A mempool whose records are the first bytes of transactions; each call of `add` waits until the test ends it. */
function held() {
  const calls: { group: number[]; after: Promise<void>; end: (error?: Error) => void }[] = [];
  const mempool = {
    decode: (list: Uint8Array) => splitTransactions(list).map(([first]) => first),
    add: (group: number[], _source: Source, after: Promise<void>) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error) => (error ? reject(error) : resolve(group.map((record) => ({ record }))));
        calls.push({ group, after, end });
      }),
  } as unknown as Mempool;
  const clock = new ManualClock();
  const posts = new SinglePosts(clock);
  const add = (byte: number) => posts.add(Uint8Array.of(byte), mempool);
  const groups = () => calls.map(({ group }) => group);
  const until = (count: number) => expect.poll(() => calls.length).toBe(count);
  return { add, calls, clock, groups, until };
}

test("posts that arrive during a group, and in the millisecond after it, form the next one, with one outcome each", async () => {
  const { add, calls, clock, groups, until } = held();
  const outcomes = [add(1)];
  await until(1);
  outcomes.push(add(2), add(3));
  await new Promise((resolve) => setImmediate(resolve));
  calls[0]!.end();
  await expect.poll(() => clock.pending).toBe(1);
  outcomes.push(add(4));
  await clock.advance(1);
  await until(2);
  expect(groups()).toEqual([[1], [2, 3, 4]]);
  calls[1]!.end();
  expect(await Promise.all(outcomes)).toEqual([1, 2, 3, 4].map((record) => ({ record })));
});

test("eight posts that wait are checked beside the group under way, and no third group is begun", async () => {
  const { add, calls, groups, until } = held();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const post = (...bytes: number[]) => bytes.forEach((byte) => void add(byte));
  post(0);
  await until(1);
  post(1, 2, 3, 4, 5, 6, 7);
  await turn();
  expect(groups()).toHaveLength(1);
  post(8);
  await until(2);
  post(11, 12, 13, 14, 15, 16, 17, 18);
  await turn();
  expect(groups()).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8]]);
  // Eight posts do not wait for the clients whom a group has answered.
  calls[0]!.end();
  await until(3);
});

test("a group waits for the one before it, however soon its signatures are checked", async () => {
  const { add, calls, until } = held();
  void add(0);
  await until(1);
  for (let byte = 1; byte <= 8; byte++) void add(byte);
  await until(2);
  const ended: string[] = [];
  void calls[1]!.after.then(() => ended.push("before the second"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toEqual([]);
  calls[0]!.end();
  await expect.poll(() => ended).toEqual(["before the second"]);
});

test("a group that cannot be written is refused, and the next one goes on", async () => {
  const { add, calls, until } = held();
  const failed = [add(1), add(2)].map((outcome) => expect(outcome).rejects.toThrow("disk"));
  await until(1);
  calls[0]!.end(new Error("disk"));
  await Promise.all(failed);
  const next = add(3);
  await until(2);
  calls[1]!.end();
  expect(await next).toEqual({ record: 3 });
});

test("many posts are several groups, so that no one waits for the signatures of all", async () => {
  const { add, groups, until } = held();
  for (let count = 0; count < 300; count++) void add(1);
  await until(2);
  expect(groups().map(({ length }) => length)).toEqual([128, 128]);
});
