import type { GenesisJson } from "../../../src/config/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { createNetwork, type TestNetwork } from "../../e2e/harness/network.ts";
import { TestNode } from "../../e2e/harness/node.ts";
import type { Context } from "../figure.ts";
import { senderAddresses, senderBalance } from "./senders.ts";

export interface BenchNetwork extends TestNetwork {
  genesis: Uint8Array;
}

export interface BenchNetworkOptions extends Partial<Omit<GenesisJson, "authorities">> {
  authorities: number;
  /** The number of nodes after the authorities that are not authorities. */
  followers?: number;
  /** The number of accounts that send the load. */
  senders?: number;
  /** The time of the genesis block, in ms since the Unix epoch. */
  now?: number;
}

/** Makes authorities on loopback with a genesis block that pays the senders. None runs yet. */
export async function benchNetwork(
  { world }: Context,
  { authorities, followers = 0, senders = 1, ...options }: BenchNetworkOptions,
): Promise<BenchNetwork> {
  const balance = senderBalance.toString();
  const network = await createNetwork(world, {
    nodes: authorities,
    name: "bench",
    periodMs: 500,
    balances: senderAddresses(senders).map((address) => ({ address, balance })),
    ...options,
  });
  const nodes = Array.from({ length: followers }, (_, n) => new TestNode(world, authorities + 1 + n));
  return { ...network, nodes: [...network.nodes, ...nodes], genesis: fromHex(network.genesisId) };
}

/** Resolves to the multiaddr by which a node reaches another. */
export type Dial = (from: TestNode, to: TestNode) => Promise<string>;

export const directly: Dial = async (_from, to) => to.multiaddr;

/** Starts all nodes, each with the addresses of those before it, and waits until they are ready and connected. */
export async function startNodes(
  nodes: readonly TestNode[],
  args: readonly string[] = [],
  dial: Dial = directly,
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const known = await Promise.all(nodes.slice(0, index).map((other) => dial(node, other)));
    const bootstrap = known.flatMap((address) => ["--bootstrap", address]);
    node.start("--no-mdns", "--log-level=warn", ...bootstrap, ...args);
  }
  for (const node of nodes) {
    await node.until(
      `node ${node.id} is ready with all peers`,
      ({ mode, peers }) => mode === "ready" && peers >= nodes.length - 1,
      60_000,
    );
  }
}

export function pidsOf(nodes: readonly TestNode[]): number[] {
  return nodes.map(({ process }) => process.pid);
}

/** Stops the nodes, so that they do not disturb the next figure. */
export async function stopNodes(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}
