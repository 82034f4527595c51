import { createAccount } from "../../../src/accounts/index.ts";
import { type GenesisJson, parseGenesis } from "../../../src/config/index.ts";
import { initGenesis } from "../../../src/node/index.ts";
import { type Machine, TestNode } from "./node.ts";
import type { World } from "./open-world.ts";
import { Wallet } from "./wallet.ts";

/** Opens at once; what real accounts cost is measured elsewhere. */
export const cheapScrypt = { n: 2, r: 1, p: 1 };

/** Allows for a machine that is busy with other things too. */
const startTimeoutMs = 300_000;

export interface TestNetwork {
  world: World;
  /** All authorities; the first has the genesis block. None runs yet. */
  nodes: TestNode[];
  /** The accounts of the nodes, in their order. */
  wallets: Wallet[];
  genesisId: string;
  /** Sum of all balances at genesis. */
  total: bigint;
}

export interface NetworkOptions extends Partial<GenesisJson> {
  /** Nodes on loopback, or machines of a lab. */
  nodes: number | readonly Machine[];
  /** Beside those of the nodes' accounts. */
  balances?: GenesisJson["balances"];
  /** When genesis was, ms since the Unix epoch. */
  now?: number;
  firstId?: number;
}

/** Accounts and a genesis block. The command line's own way to them is what `network.test.ts` goes. */
export async function createNetwork(world: World, options: NetworkOptions): Promise<TestNetwork> {
  const { nodes: machines, now = Date.now(), firstId = 1, balances = [], ...config } = options;
  const places = typeof machines === "number" ? new Array<undefined>(machines).fill(undefined) : machines;
  const nodes = places.map((machine, index) => new TestNode(world, firstId + index, machine));
  const signers = [];
  for (const { paths } of nodes) {
    signers.push((await createAccount({ paths, scrypt: cheapScrypt })).signer);
  }
  const balance = 1_000_000n;
  const genesis: GenesisJson = {
    name: "e2e",
    periodMs: 500,
    authorities: signers.map(({ address }) => address),
    balances: [...signers.map(({ address }) => ({ address, balance: balance.toString() })), ...balances],
    ...config,
  };
  const parsed = parseGenesis(genesis, "genesis.json");
  const { genesisId } = await initGenesis({ paths: nodes[0]!.paths, signer: signers[0]!, now, ...parsed });
  return {
    world,
    nodes,
    wallets: signers.map((signer) => new Wallet(signer, genesisId)),
    genesisId,
    total: balances.reduce((sum, { balance: more }) => sum + BigInt(more), balance * BigInt(nodes.length)),
  };
}

/** Starts all nodes and waits until they are ready and connected to each other. */
export async function startAll({ nodes }: TestNetwork, ...args: string[]): Promise<void> {
  for (const node of nodes) node.start(...args);
  for (const node of nodes) {
    await node.until(
      `node ${node.id} is ready with all peers`,
      ({ mode, peers }) => mode === "ready" && peers >= nodes.length - 1,
      startTimeoutMs,
    );
  }
}
