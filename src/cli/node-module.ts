export type { DevChain, RunningNode } from "../node/index.ts";

export type NodeModule = typeof import("../node/index.ts");

/** Loaded when a command needs it: libp2p and the database take longer to load than the other commands to run. */
export async function loadNode(): Promise<NodeModule> {
  return await import("../node/index.ts");
}
