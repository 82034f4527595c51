import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runCcoin } from "./ccoin.ts";

/** The balance of each node's account in base units. */
const balance = 1_000_000;

/** The description of a prepared folder, which is written last. */
export interface Devnet {
  genesisId: string;
  /** The addresses of the nodes 1 to N. */
  addresses: string[];
}

export interface PrepareOptions {
  dataDir: string;
  count: number;
  periodMs: number;
  signal: AbortSignal;
}

/** Makes accounts, genesis.json and the genesis block in node 1, unless an earlier call has prepared the folder. */
export async function prepareData(options: PrepareOptions): Promise<Devnet> {
  const { dataDir, count } = options;
  const marker = join(dataDir, "devnet.json");
  if (existsSync(marker)) return continueFrom(marker, count);
  mkdirSync(dataDir, { recursive: true });
  if (readdirSync(dataDir).length > 0) {
    throw new Error(`${dataDir} holds something else: name an empty folder in CCOIN_DATADIR`);
  }
  try {
    const devnet = await prepare(options);
    writeFileSync(marker, `${JSON.stringify(devnet)}\n`);
    return devnet;
  } catch (error) {
    // The folder was empty, so an incomplete devnet is removed for the next attempt.
    for (const name of readdirSync(dataDir)) rmSync(join(dataDir, name), { recursive: true });
    throw error;
  }
}

async function prepare({ dataDir, count, periodMs, signal }: PrepareOptions): Promise<Devnet> {
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const addresses: string[] = [];
  const waiting = [...ids];
  const makeAccounts = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      const args = ["create-account", `--nodeid=${id}`, `--balance=${balance}`];
      addresses[id - 1] = (await runCcoin<{ address: string }>(dataDir, args, signal)).address;
    }
  };
  // Encrypting an account keeps a core busy and takes 128 MiB.
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 8) }, makeAccounts));
  const genesis = join(dataDir, "genesis.json");
  const chain = [`--nodeids=${ids.join(",")}`, `--period=${periodMs}`, "--name=devnet"];
  await runCcoin(dataDir, ["genesis", ...chain, "-o", genesis], signal);
  const init = ["init", "-c", genesis, "--nodeid=1"];
  const { genesisId } = await runCcoin<{ genesisId: string }>(dataDir, init, signal);
  return { genesisId, addresses };
}

function continueFrom(marker: string, count: number): Devnet {
  const devnet = JSON.parse(readFileSync(marker, "utf8")) as Devnet;
  if (devnet.addresses.length === count) return devnet;
  throw new Error(
    `${marker} is of ${devnet.addresses.length} nodes, not ${count}: run that many, or use another folder`,
  );
}
