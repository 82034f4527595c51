import { createAccount } from "../../../src/accounts/index.ts";
import { type GenesisJson, parseGenesis } from "../../../src/config/index.ts";
import { initGenesis } from "../../../src/node/index.ts";
import { type Machine, TestNode } from "./node.ts";
import type { World } from "./open-world.ts";
import { Wallet } from "./wallet.ts";

/** Parameters that open an account at once; the cost of real accounts is measured elsewhere. */
export const cheapScrypt = { n: 2, r: 1, p: 1 };

/** Long enough for a busy machine. */
const startTimeoutMs = 300_000;

export interface TestNetwork {
  world: World;
  /** The nodes, all of them authorities. The first has the genesis block; none runs yet. */
  nodes: TestNode[];
  /** The accounts of the nodes, in their order. */
  wallets: Wallet[];
  genesisId: string;
  /** The sum of all balances at genesis. */
  total: bigint;
}

export interface NetworkOptions extends Partial<GenesisJson> {
  /** The number of nodes on loopback, or the machines of a lab. */
  nodes: number | readonly Machine[];
  /** Balances in addition to those of the nodes' accounts. */
  balances?: GenesisJson["balances"];
  /** The time of the genesis block, in ms since the Unix epoch. */
  now?: number;
  firstId?: number;
  /** The first so many nodes are authorities; all by default. */
  authorityCount?: number;
  /** The cost of the accounts; little by default. */
  scrypt?: typeof cheapScrypt;
}

/** Makes accounts and a genesis block directly; `network.test.ts` makes them by the command line. */
export async function createNetwork(world: World, options: NetworkOptions): Promise<TestNetwork> {
  const {
    nodes: machines,
    now = Date.now(),
    firstId = 1,
    balances = [],
    scrypt = cheapScrypt,
    authorityCount,
    ...config
  } = options;
  const places = typeof machines === "number" ? new Array<undefined>(machines).fill(undefined) : machines;
  const nodes = places.map((machine, index) => new TestNode(world, firstId + index, machine));
  const signers = [];
  for (const { paths } of nodes) {
    signers.push((await createAccount({ paths, scrypt })).signer);
  }
  const balance = 1_000_000n;
  const genesis: GenesisJson = {
    name: "e2e",
    periodMs: 500,
    authorities: signers.slice(0, authorityCount).map(({ address }) => address),
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
