import { limitHeapGrowth } from "./heap-growth.ts";

export type NodeModule = typeof import("../node/index.ts");

/**
 * Loads the node only for commands that need it: libp2p and the database take longer to load than the other commands
 * take to run. All of them set the same option of V8 first: it refuses code that was cached with other options, and
 * each command would then compile the node anew and write the cache again as it ends.
 */
export async function loadNode(): Promise<NodeModule> {
  limitHeapGrowth();
  return await import("../node/index.ts");
}
