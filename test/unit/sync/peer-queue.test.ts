import { expect, test } from "vitest";
import { PeerQueue } from "../../../src/sync/peer-queue.ts";

const limits = { maxBytesPerPeer: 10, maxCountPerPeer: 4, maxBytes: 25, maxRunning: 2 };

function open(changes: Partial<typeof limits> = {}) {
  const queue = new PeerQueue({ ...limits, ...changes });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  /** A peer's name before the `@` is its address. */
  const add = (peer: string, name: string, bytes = 1) =>
    queue.add({ id: peer, host: peer.split("@")[0]! }, bytes, () => {
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

test("addresses take turns, however many peers one has, and so do the peers of one", async () => {
  const { begun, add, end } = open({ maxRunning: 2, maxBytes: 1_000 });
  for (let at = 0; at < 100; at++) void add(`crowd@${at}`, `c${at}`);
  for (const name of ["h1", "h2", "h3"]) void add("honest", name);
  expect(begun).toEqual(["c0", "c1"]);
  await end("c0");
  expect(begun).toEqual(["c0", "c1", "h1"]);
  await end("h1");
  expect(begun.at(-1)).toBe("h2");
  void add("crowd@0", "again");
  for (const name of ["c1", "h2"]) await end(name);
  expect(begun.slice(-2)).toEqual(["c2", "h3"]);
});

test("a crowd of peers of one address gives way, each with little, before a peer with more elsewhere", async () => {
  const { queue, begun, add, end } = open({ maxRunning: 1 });
  void add("first", "first", 1);
  const crowd = Array.from({ length: 20 }, (_, at) => add(`crowd@${at}`, `c${at}`));
  const honest = add("honest", "h1", 8);
  expect(queue.bytes).toBe(25);
  expect(await Promise.all(crowd.slice(0, 4))).toEqual(new Array(4).fill(undefined));
  // A piece for which its own address would have to give way is refused.
  expect(await add("crowd@new", "new", 8)).toBeUndefined();
  for (const name of ["first", "c4", "h1"]) await end(name);
  expect(await honest).toBe("h1");
  expect(begun.slice(0, 3)).toEqual(["first", "c4", "h1"]);
});

test("the peer with most gives way among those of one address", async () => {
  const { begun, add, end } = open({ maxRunning: 1 });
  void add("first", "first", 1);
  const large = [add("one@a", "a1", 10), add("one@b", "b1", 10)];
  void add("one@c", "c1", 5);
  expect(await large[0]).toBeUndefined();
  for (const name of ["first", "b1", "c1"]) await end(name);
  expect(begun).toEqual(["first", "b1", "c1"]);
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
  const failed = queue.add({ id: "a", host: "a" }, 1, async () => {
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
