import { expect, test } from "vitest";
import { PeerQueue } from "../../../src/sync/peer-queue.ts";

const limits = { maxBytesPerPeer: 10, maxCountPerPeer: 4, maxBytes: 25, maxRunning: 2 };

function open(changes: Partial<typeof limits> = {}) {
  const queue = new PeerQueue({ ...limits, ...changes });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const add = (peer: string, name: string, bytes = 1) =>
    queue.add(peer, bytes, () => {
      begun.push(name);
      const { promise, resolve } = Promise.withResolvers<string>();
      ends.set(name, () => resolve(name));
      return promise;
    });
  const end = async (name: string) => {
    ends.get(name)!();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, begun, add, end };
}

test("processes one piece of a peer at a time, and peers in turn", async () => {
  const { begun, add, end } = open();
  for (const name of ["a1", "a2", "a3"]) void add("a", name);
  void add("b", "b1");
  void add("c", "c1");
  expect(begun).toEqual(["a1", "b1"]);
  await end("a1");
  expect(begun).toEqual(["a1", "b1", "c1"]);
  await end("c1");
  expect(begun).toEqual(["a1", "b1", "c1", "a2"]);
});

test("drops the newest piece of the peer with the most if there is no room, and never refuses a peer with less", async () => {
  const { queue, begun, add, end } = open({ maxRunning: 1 });
  void add("a", "a1", 10);
  const large = [add("b", "b1", 5), add("b", "b2", 5)];
  const small = [add("c", "c1", 2), add("d", "d1", 4)];
  expect(queue.bytes).toBe(21);
  expect(await large[1]).toBeUndefined();
  // A piece that brings a peer level with the largest is refused.
  expect(await add("e", "e1", 10)).toBeUndefined();
  for (const name of ["a1", "b1", "c1", "d1"]) await end(name);
  expect(await Promise.all([large[0], ...small])).toEqual(["b1", "c1", "d1"]);
  expect([queue.bytes, begun]).toEqual([0, ["a1", "b1", "c1", "d1"]]);
});

test("accepts no more bytes or pieces than a peer's share, and than there is room for in all", async () => {
  const { queue, add, end } = open({ maxRunning: 1 });
  expect(add("a", "a1", 10)).toBeDefined();
  expect(add("a", "a2", 1)).toBeUndefined();
  expect(add("b", "b1", 11)).toBeUndefined();
  for (const name of ["b1", "b2", "b3", "b4"]) expect(add("b", name)).toBeDefined();
  expect(add("b", "b5")).toBeUndefined();
  expect(add("c", "c1", 10)).toBeDefined();
  expect(await add("d", "d1", 10)).toBeUndefined();
  expect(queue.bytes).toBe(24);
  await end("a1");
  expect(queue.bytes).toBe(14);
  expect(add("a", "a2", 10)).toBeDefined();
});

test("drops the waiting pieces of a disconnected peer and frees their room", async () => {
  const { queue, begun, add, end } = open();
  const first = add("a", "a1", 4);
  const second = add("a", "a2", 4);
  queue.drop("a");
  expect(await second).toBeUndefined();
  expect(queue.bytes).toBe(4);
  await end("a1");
  expect(await first).toBe("a1");
  expect([queue.bytes, begun]).toEqual([0, ["a1"]]);
});

test("continues after a piece that failed", async () => {
  const { queue, add, begun } = open({ maxRunning: 1 });
  const failed = queue.add("a", 1, async () => {
    throw new Error("no");
  });
  void add("a", "a2");
  await expect(failed).rejects.toThrow("no");
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(["a2"]);
});

test("keeps nothing of a thousand peers that come and go, and does not let peers that fill it delay others", async () => {
  const { queue, add, end } = open({ maxRunning: 1 });
  void add("first", "first");
  const done: unknown[] = [];
  for (let at = 0; at < 1_000; at++) {
    void add(`peer ${at}`, "piece", 10)?.then((result) => done.push(result));
    if (at % 2 === 0) queue.drop(`peer ${at}`);
  }
  expect(queue.bytes).toBeLessThanOrEqual(limits.maxBytes);
  for (let at = 0; at < 1_000; at++) queue.drop(`peer ${at}`);
  expect(queue.bytes).toBe(1);
  await end("first");
  expect([queue.bytes, queue.size]).toEqual([0, 0]);
  expect(done).toEqual(new Array(1_000).fill(undefined));
});
