export type NodeModule = typeof import("../node/index.ts");

/**
 * Loads the node only for commands that need it: libp2p and the database take longer to load than the other commands
 * take to run.
 */
export async function loadNode(): Promise<NodeModule> {
  return await import("../node/index.ts");
}
