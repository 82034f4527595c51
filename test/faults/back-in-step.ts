import { sameChain } from "../e2e/harness/checks.ts";
import type { TestNode } from "../e2e/harness/node.ts";
import { until } from "../e2e/harness/until.ts";

/** After a fault is over. */
const inStepWithinMs = 20_000;

/** Waits until all nodes have one chain that has grown, and a block made after the fault is final on all. Returns how long that took, in ms. */
export async function backInStep(nodes: readonly TestNode[], patience: number): Promise<number> {
  const startedAt = performance.now();
  const timeoutMs = inStepWithinMs * patience;
  const left = () => startedAt + timeoutMs - performance.now();
  const heads = await until("all answer", () => Promise.all(nodes.map((node) => node.status())), {
    timeoutMs,
  });
  const highest = Math.max(...heads.map(({ head }) => head?.height ?? 0));
  await sameChain(nodes, { atLeast: highest + 1, timeoutMs: left() });
  await Promise.all(nodes.map((node) => node.finalizes(highest, left())));
  return performance.now() - startedAt;
}
