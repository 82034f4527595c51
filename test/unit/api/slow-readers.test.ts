import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { ReadPace, SlowReaders } from "../../../src/api/slow-readers.ts";
import { ManualClock } from "../support/clock.ts";

/** The part of an answer that is used. */
class Answer extends EventEmitter {
  readonly req: { socket: { remoteAddress: string; destroy(): void } };
  writableLength: number;
  writableEnded = true;
  isCut = false;
  destroyed = false;

  constructor(remoteAddress: string, writableLength: number) {
    super();
    this.req = { socket: { remoteAddress, destroy: () => this.#cut() } };
    this.writableLength = writableLength;
  }

  #cut(): void {
    this.isCut = true;
    this.emit("close");
  }
}

const limits = { leastReadBytesPerSecond: 1_000, maxUnreadBytesPerClient: 50_000, maxUnreadBytes: 80_000 };

function readers() {
  const clock = new ManualClock();
  const slow = new SlowReaders(clock, limits);
  const answer = (address: string, bytes: number) => {
    const made = new Answer(address, bytes);
    slow.watch(made as unknown as ServerResponse);
    return made;
  };
  return { clock, slow, answer };
}

test("cuts off only answers that are read more slowly than the minimum rate", async () => {
  const { clock, slow, answer } = readers();
  const large = answer("10.0.0.1", 30_000);
  const small = answer("10.0.0.2", 1_000);
  const stream = answer("10.0.0.3", 1_000);
  stream.writableEnded = false;
  const done = answer("10.0.0.4", 1_000);
  done.writableLength = 0;
  // The answer is complete after a second; then it has ten seconds, and one more for its 1,000 bytes.
  await clock.advance(12_000);
  expect([large, small, stream, done].map(({ isCut }) => isCut)).toEqual([false, false, false, false]);
  await clock.advance(1_000);
  expect([large, small, stream, done].map(({ isCut }) => isCut)).toEqual([false, true, false, false]);
  await clock.advance(30_000);
  expect([large, small, stream, done].map(({ isCut }) => isCut)).toEqual([true, true, false, false]);
  slow.close();
  expect(clock.pending).toBe(0);
});

test("an answer that is made as it is read is cut off if it is read more slowly on the whole", async () => {
  const clock = new ManualClock();
  const pace = new ReadPace(clock, limits);
  const answer = new Answer("10.0.0.1", 1_000);
  const outgoing = answer as unknown as ServerResponse;
  const take = async (ms: number) => {
    const drained = pace.drained(outgoing);
    await clock.advance(ms);
    answer.emit("drain");
    await drained;
  };
  // Each part has a second and the answer ten more; the node takes its time before each.
  for (const ms of [5_000, 1_000, 5_000, 1_000]) {
    await clock.advance(20_000);
    await take(ms);
  }
  expect([answer.isCut, clock.pending]).toEqual([false, 0]);
  await take(2_900);
  expect(answer.isCut).toBe(false);
  await take(1_200);
  expect(answer.isCut).toBe(true);
});

test("limits the unread bytes of a client over all its connections, without delaying others", () => {
  const { slow, answer } = readers();
  const first = answer("10.0.0.1", 30_000);
  const second = answer("10.0.0.1", 20_000);
  expect(slow.isFull("10.0.0.1")).toBe(false);
  second.writableLength++;
  expect(slow.isFull("10.0.0.1")).toBe(true);
  expect(slow.isFull("10.0.0.2")).toBe(false);
  first.emit("close");
  expect(slow.isFull("10.0.0.1")).toBe(false);
  slow.close();
});

test("cuts off the newest unread answers of a client that has too many, however they came to be", async () => {
  const { clock, slow, answer } = readers();
  const crowd = [30_000, 15_000, 10_000, 1_000].map((bytes) => answer("10.0.0.1", bytes));
  const stream = answer("10.0.0.1", 60_000);
  stream.writableEnded = false;
  const large = answer("10.0.0.2", 70_000);
  const local = ["127.0.0.1", "127.0.0.1"].map((address) => answer(address, 60_000));
  const isCut = () => [...crowd, stream, large, ...local].map((each) => each.isCut);
  expect(isCut()).not.toContain(true);
  large.writableLength = 20_000;
  await clock.advance(1_000);
  expect(isCut()).toEqual([false, false, true, true, false, false, false, false]);
  slow.close();
});

test("cuts off answers of the client with most if all together have too many, but never its oldest", async () => {
  const { clock, slow, answer } = readers();
  const first = [10_000, 20_000, 19_000].map((bytes) => answer("10.0.0.1", bytes));
  const second = [15_000, 15_000].map((bytes) => answer("10.0.0.2", bytes));
  const third = answer("10.0.0.3", 12_000);
  await clock.advance(1_000);
  expect([...first, ...second, third].map(({ isCut }) => isCut)).toEqual([
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  const alone = [answer("10.0.0.4", 40_000), answer("10.0.0.5", 90_000)];
  await clock.advance(1_000);
  expect([...first, ...second].map(({ isCut }) => isCut)).toEqual([false, true, true, false, true]);
  expect([third, ...alone].map(({ isCut }) => isCut)).toEqual([false, false, false]);
  slow.close();
});
