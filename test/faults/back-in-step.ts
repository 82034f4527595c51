import type { TestNode } from "../e2e/harness/node.ts";
import { until } from "../e2e/harness/until.ts";

/** Bound of the time from the end of a fault until all is well. */
const inStepWithinMs = 20_000;

/**
 * Waits until all nodes have one growing chain, on which a block from after the fault is final. Resolves to the time
 * that took, in ms.
 */
export async function backInStep(nodes: readonly TestNode[]): Promise<number> {
  const startedAt = performance.now();
  let highest: number | undefined;
  await until(
    "all are in step and finalize new blocks",
    async () => {
      const statuses = await Promise.all(nodes.map((node) => node.status()));
      highest ??= Math.max(...statuses.map(({ head }) => head!.height));
      const low = statuses.filter(({ finalized }) => finalized!.height <= highest!);
      if (low.length > 0)
        throw new Error(`${low.map(({ finalized }) => finalized!.height)} are final, none above ${highest}`);
      const blocks = await Promise.all(nodes.map((node) => node.block(highest! + 1)));
      return new Set(blocks.map(({ id, stateRoot }) => `${id} ${stateRoot}`)).size === 1;
    },
    { timeoutMs: inStepWithinMs },
  );
  return performance.now() - startedAt;
}
