import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { CheckedBlock, WeightedHeader } from "../../../src/chain/types.ts";
import { DownloadWork } from "../../../src/sync/download-work.ts";

const { signal } = new AbortController();
const blocks = ["first", "second"].map(
  (name) => ({ body: new Uint8Array(10), name }) as unknown as CheckedBlock,
);

/** Starts work on three blocks, of which the peer has sent two, which are being checked. */
async function halfWay() {
  const work = new DownloadWork(Array.from({ length: 3 }, () => ({}) as WeightedHeader));
  const { start } = (await work.nextRange("peer", signal))!;
  for (const [index, { body }] of blocks.entries()) work.put({ index: start + index, body, from: "peer" });
  return { work, batch: (await work.nextBatch(signal))! };
}

test("checks and imports received blocks although the last peer is gone, without blocking the event loop", async () => {
  const { work, batch } = await halfWay();
  work.giveBack({ start: 2, end: 3 }, new Error("the peer is gone"));
  work.exhaust();
  const taken = work.take(signal);
  // A loop that polls would not let the event loop turn.
  await turn();
  for (const [index, received] of batch.entries()) work.accept(received, blocks[index]!);
  expect(await taken).toEqual(blocks);
  await expect(work.take(signal)).rejects.toThrow("the peer is gone");
});

test("ends all waiting once the signal is aborted", async () => {
  const { work } = await halfWay();
  const stop = new AbortController();
  const waiting = [work.take(stop.signal), work.nextRange("other", stop.signal), work.nextBatch(stop.signal)];
  const ends = Promise.allSettled(waiting);
  await turn();
  stop.abort(new Error("the node stops"));
  work.wake();
  expect(await ends).toEqual([
    { status: "rejected", reason: new Error("the node stops") },
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: undefined },
  ]);
});

test("gets a refused block from another peer, however many later blocks are already decoded", async () => {
  const work = new DownloadWork(Array.from({ length: 2 }, () => ({}) as WeightedHeader));
  const [wrong, large] = [new Uint8Array(4), new Uint8Array(4 * 2 ** 20)];
  await work.nextRange("liar", signal);
  work.put({ index: 0, body: wrong, from: "liar" });
  work.put({ index: 1, body: large, from: "liar" });
  const [first, second] = (await work.nextBatch(signal))!;
  work.accept(second!, { body: large } as CheckedBlock);
  work.refuse(first!, new Error("no such block"));
  expect(await work.nextRange("good", signal)).toEqual({ start: 0, end: 1 });
  work.put({ index: 0, body: wrong, from: "good" });
  expect(await work.nextBatch(signal)).toEqual([{ index: 0, body: wrong, from: "good" }]);
});

test("imports blocks in batches of about 256 KiB or 32 blocks", async () => {
  const sizes = [...Array(40).fill(0), 200_000, 200_000, 200_000];
  const work = new DownloadWork(sizes.map(() => ({}) as WeightedHeader));
  const checked = sizes.map((size) => ({ body: new Uint8Array(size) }) as CheckedBlock);
  while (!(await work.nextRange("peer", signal).then((range) => range?.end === sizes.length)));
  for (const [index, { body }] of checked.entries()) work.put({ index, body, from: "peer" });
  for (let left = sizes.length; left > 0; ) {
    const batch = (await work.nextBatch(signal))!;
    left -= batch.length;
    for (const received of batch) work.accept(received, checked[received.index]!);
  }
  const counts = [];
  for (let taken = 0; taken < sizes.length; taken += counts.at(-1)!)
    counts.push((await work.take(signal)).length);
  expect(counts).toEqual([32, 10, 1]);
});
