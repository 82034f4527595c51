import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { sameChain, stopAndVerify } from "./harness/checks.ts";
import { FinalityWatch, noEvidence, timeToFinal } from "./harness/finality.ts";
import { Lab } from "./harness/lab.ts";
import { createNetwork, startAll } from "./harness/network.ts";
import type { TestNode } from "./harness/node.ts";
import { unchanged, until } from "./harness/until.ts";
import { createWorld } from "./harness/world.ts";

const cutMs = process.env["E2E_LONG"] ? 30_000 : 8_000;
/** Reconnecting takes a while, and each round without a result takes up to 30 s. */
const resumesWithinMs = 90_000;

test("two halves of a divided network finalize nothing; after it heals, finality resumes on one chain", async () => {
  const world = createWorld();
  const lab = new Lab(world);
  const machines = [];
  for (const side of [1, 1, 2, 2] as const) machines.push(await lab.machine(side));
  const network = await createNetwork(world, { nodes: machines, periodMs: 400 });
  const { nodes } = network;
  await startAll(network);
  for (const node of nodes) await node.finalizes(3, 30_000);
  const watch = new FinalityWatch(nodes);

  lab.cut();
  const finalOn = () => Promise.all(nodes.map(async (node) => (await node.status()).finalized!));
  // Votes that were under way at the cut may still finalize a block.
  const cut = await unchanged("the final block", finalOn, { forMs: 2_000 });
  await sleep(cutMs);
  expect(await finalOn()).toEqual(cut);
  for (const node of nodes) {
    await until(`node ${node.id} explains the halt`, async () => {
      const { state, findings } = await node.diagnosis();
      const said = `${state}: ${findings.map(({ code }) => code)}`;
      if (/^halted: .*MISSING_AUTHORITIES/.test(said)) return true;
      throw new Error(said);
    });
  }
  // Blocks made after the cut are on one side only, and final on neither.
  const tops = await Promise.all(nodes.map(async (node) => (await node.status()).head!.height));
  const common = await commonHeight(nodes[0]!, nodes[2]!, Math.min(...tops));
  expect(Math.max(...tops)).toBeGreaterThan(common);
  // Two of four are not a majority, so each side stops after its authorities have signed once more.
  for (const top of tops) expect(top - common).toBeLessThanOrEqual(4);
  for (const { height } of cut) expect(height).toBeLessThanOrEqual(common);

  lab.heal();
  const healedAt = performance.now();
  const top = Math.max(...tops);
  await sameChain(nodes, { atLeast: top + 1, timeoutMs: resumesWithinMs });
  const oneChainMs = performance.now() - healedAt;
  for (const node of nodes) await node.finalizes(top + 3, resumesWithinMs);
  console.log(
    `cut for ${cutMs} ms: one chain after ${oneChainMs.toFixed()} ms, finality after ${(performance.now() - healedAt).toFixed()} ms`,
  );
  await timeToFinal(network, { from: 0, by: nodes[2]!, nodes });
  await watch.stop();
  await noEvidence(nodes);
  await stopAndVerify(nodes);
});

/** Finds the highest block at or below this height that both nodes have. */
async function commonHeight(one: TestNode, other: TestNode, from: number): Promise<number> {
  let height = from;
  while ((await one.block(height)).id !== (await other.block(height)).id) height--;
  return height;
}
