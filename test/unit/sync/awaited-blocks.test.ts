import { expect, test } from "vitest";
import { AwaitedBlocks } from "../../../src/sync/awaited-blocks.ts";
import { FakeNetwork } from "../support/network.ts";
import { settledClock } from "../support/sync-node.ts";

const block = (number: number) => new Uint8Array(32).fill(number);

function setUp() {
  const node = new FakeNetwork(settledClock()).node("node");
  return { node, awaited: new AwaitedBlocks(node) };
}

test("returns every peer that waits for a block, once", () => {
  const { node, awaited } = setUp();
  for (const peer of ["a", "b", "c"]) node.connected(peer);
  awaited.add(block(1), "a");
  awaited.add(block(1), "b");
  awaited.add(block(2), "a");
  expect(awaited.release(block(1))).toEqual(["a", "b"]);
  expect(awaited.release(block(1))).toEqual([]);
  expect(awaited.release(block(2))).toEqual(["a"]);
});

test("keeps the three newest blocks of each peer, whatever other peers announce", () => {
  const { node, awaited } = setUp();
  for (const peer of ["honest", "flood"]) node.connected(peer);
  awaited.add(block(1), "honest");
  for (let number = 1; number <= 200; number++) awaited.add(block(number), "flood");
  expect(awaited.release(block(1))).toEqual(["honest"]);
  expect([197, 198, 199, 200].map((number) => awaited.release(block(number)).length)).toEqual([0, 1, 1, 1]);
});

test("a block that a peer shows again takes the place of no other", () => {
  const { node, awaited } = setUp();
  node.connected("a");
  for (const number of [1, 2, 2, 3]) awaited.add(block(number), "a");
  for (const number of [1, 2, 3]) expect(awaited.release(block(number))).toEqual(["a"]);
});

test("keeps nothing of a thousand peers that come and go, even if an answer is read after its peer has gone", () => {
  const { node, awaited } = setUp();
  node.connected("stays");
  for (let at = 0; at < 1_000; at++) {
    node.connected(`peer ${at}`);
    awaited.add(block(at % 200), `peer ${at}`);
    node.disconnected(`peer ${at}`);
    awaited.add(block(at % 200), `peer ${at}`);
  }
  for (let at = 0; at < 200; at++) expect(awaited.release(block(at))).toEqual([]);
  awaited.stop();
  expect(node.listeners).toBe(0);
});
