import type { GenesisJson } from "../../../src/config/index.ts";
import { fromHex } from "../../../src/util/bytes.ts";
import { createNetwork, type TestNetwork } from "../../e2e/harness/network.ts";
import type { TestNode } from "../../e2e/harness/node.ts";
import type { Context } from "../figure.ts";
import { senderAddresses, senderBalance } from "./senders.ts";

export interface BenchNetwork extends TestNetwork {
  genesis: Uint8Array;
}

export interface BenchNetworkOptions extends Partial<Omit<GenesisJson, "authorities">> {
  authorities: number;
  /** Accounts that the load sends from. */
  senders?: number;
  /** When genesis was, ms since the Unix epoch. */
  now?: number;
}

/** Authorities on loopback, whose genesis pays the senders. None runs yet. */
export async function benchNetwork(
  { world }: Context,
  { authorities, senders = 1, ...options }: BenchNetworkOptions,
): Promise<BenchNetwork> {
  const balance = senderBalance.toString();
  const network = await createNetwork(world, {
    nodes: authorities,
    name: "bench",
    periodMs: 500,
    balances: senderAddresses(senders).map((address) => ({ address, balance })),
    ...options,
  });
  return { ...network, genesis: fromHex(network.genesisId) };
}

/** Starts all of them, each knowing those before it, and waits until they are ready and connected. */
export async function startNodes(nodes: readonly TestNode[], ...args: string[]): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const known = nodes.slice(0, index).flatMap(({ multiaddr }) => ["--bootstrap", multiaddr]);
    node.start("--no-mdns", "--log-level=warn", ...known, ...args);
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

/** Stops them, so that nothing of theirs runs beside the next figure. */
export async function stopNodes(nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.stop()));
}
