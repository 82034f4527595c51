import { expect, test } from "vitest";
import { authorityVote } from "../../src/types/index.ts";
import { runUntil } from "./loop.ts";
import { smallNetwork } from "./small-network.ts";

test("once a dead authority is voted out, finality returns, although blocks arrive as fast as messages", async () => {
  const { nodes, timeline } = await smallNetwork({ authorities: 3, periodMs: 400, mostDelayMs: 400 });
  const dead = nodes[2]!;
  const left = nodes.slice(0, 2);
  const chains = () => left.map(({ services }) => services!.chain);
  for (const node of nodes) timeline.after(0, () => void node.start());
  await runUntil(timeline, 4_000, () => false);
  dead.crash();
  // The highest multiple of a high power of two stays below the change of the set for long.
  await runUntil(timeline, 120_000, () => chains().every(({ head }) => head.height > 70));
  for (const { services } of left) void services!.proposals.propose(authorityVote("remove", dead.publicKey));
  const isRemoved = () => chains().every(({ snapshot }) => snapshot.authorities.length === 2);
  await runUntil(timeline, timeline.nowMs + 10_000, isRemoved);
  expect(isRemoved()).toBe(true);
  const removedAt = Math.max(...chains().map(({ head }) => head.height));
  const isFinal = () => chains().every(({ finalized }) => finalized.height >= removedAt);
  const endMs = timeline.nowMs + 20_000;
  await runUntil(timeline, endMs, isFinal);
  expect(isFinal()).toBe(true);
});
