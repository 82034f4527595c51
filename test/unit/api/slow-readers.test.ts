import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { SlowReaders } from "../../../src/api/slow-readers.ts";
import { ManualClock } from "../support/clock.ts";

/** The part of an answer that is used. */
class Answer extends EventEmitter {
  readonly req: { socket: { remoteAddress: string } };
  writableLength: number;
  writableEnded = true;
  isCut = false;

  constructor(remoteAddress: string, writableLength: number) {
    super();
    this.req = { socket: { remoteAddress } };
    this.writableLength = writableLength;
  }

  destroy(): void {
    this.isCut = true;
    this.emit("close");
  }
}

const limits = { leastReadBytesPerSecond: 1_000, maxUnreadBytesPerClient: 50_000 };

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
