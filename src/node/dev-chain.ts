import { randomBytes } from "node:crypto";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { createAccount, openAccount, signerFromSeed } from "../accounts/index.ts";
import { genesisOf } from "../chain/genesis.ts";
import { chainStores } from "../chain/stores.ts";
import { defaultMinFee, type NodePaths, nodePaths, parseGenesis } from "../config/index.ts";
import { createFile, exists, replaceFile } from "../util/atomic-file.ts";
import { toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import { initGenesis } from "./init.ts";
import { lockFolder, withDatabase } from "./open.ts";

/** The only node of the chain. */
const nodeId = 1;
const periodMs = 1_000;
/** The base units of each of the two accounts, the wallet's and the node's. */
const balance = 1_000_000_000n;

/** The contents of `dev.json`. */
interface DevFile {
  /** `key` is the seed, 64 hex digits. */
  wallet: { address: string; key: string };
  /** Present once the genesis block has been made. */
  genesisId?: string;
}

type AccountCost = Pick<Parameters<typeof createAccount>[0], "scrypt">;

export interface DevChain extends Required<DevFile> {
  nodeId: number;
  /** The balance of the wallet. */
  balance: bigint;
}

/**
 * A chain of one authority in `folder`, with an account whose key may be shown: it is for development and worth
 * nothing. Continues an existing chain. @throws {UserError} `NOT_A_DEV_FOLDER` if the folder contains something else.
 */
export async function prepareDevChain(folder: string, options: AccountCost = {}): Promise<DevChain> {
  const paths = nodePaths(folder, nodeId);
  const stored = (await readDevFile(folder)) ?? (await begin(folder));
  const genesisId = stored.genesisId ?? (await makeGenesis(paths, stored, options));
  if (!stored.genesisId) await replaceFile(devFile(folder), JSON.stringify({ ...stored, genesisId }));
  return { ...stored, genesisId, nodeId, balance };
}

/**
 * Deletes what `prepareDevChain` has made in the folder, and the folder if nothing else is in it. Returns whether there
 * was something.
 * @throws {UserError} `NOT_A_DEV_FOLDER`, `IN_USE`
 */
export async function deleteDevChain(folder: string): Promise<boolean> {
  if (!(await readDevFile(folder))) return false;
  const paths = nodePaths(folder, nodeId);
  const unlock = await lockFolder(paths);
  try {
    await rm(paths.folder, { recursive: true, force: true });
    // This file goes last, so that an interrupted reset can be repeated.
    await rm(devFile(folder));
  } finally {
    unlock();
  }
  // Fails if the folder holds something else, which stays.
  await rmdir(folder).catch(() => undefined);
  return true;
}

function devFile(folder: string): string {
  return join(folder, "dev.json");
}

async function readDevFile(folder: string): Promise<DevFile | undefined> {
  const file = devFile(folder);
  if (await exists(file)) {
    try {
      return JSON.parse(await readFile(file, "utf8")) as DevFile;
    } catch (error) {
      throw new UserError(`${file} is damaged: delete the folder ${folder}`, "DAMAGED", { cause: error });
    }
  }
  // A crash may leave temporary files of this file.
  const others = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith(".dev.json."));
  if (others.length === 0) return undefined;
  throw new UserError(
    `${folder} holds something else than a development chain (${others[0]}): move it away, or choose another --datadir`,
    "NOT_A_DEV_FOLDER",
  );
}

async function begin(folder: string): Promise<DevFile> {
  const seed = new Uint8Array(randomBytes(32));
  const wallet = { address: signerFromSeed(seed).address, key: toHex(seed).slice(2) };
  await createFile(devFile(folder), JSON.stringify({ wallet }));
  return { wallet };
}

/** Continues where an earlier attempt ended. */
async function makeGenesis(paths: NodePaths, { wallet }: DevFile, options: AccountCost): Promise<string> {
  const signer = (await exists(paths.account))
    ? await openAccount({ paths })
    : (await createAccount({ paths, ...options })).signer;
  const existing = await withDatabase(paths, (database) => chainStores(database).meta.genesisHead());
  if (existing) return genesisOf(existing).idHex;
  const genesis = {
    name: "dev",
    periodMs,
    minFee: defaultMinFee.toString(),
    authorities: [signer.address],
    balances: [wallet.address, signer.address].map((address) => ({ address, balance: `${balance}` })),
  };
  const parsed = parseGenesis(genesis, "the development chain");
  return (await initGenesis({ paths, signer, now: Date.now(), ...parsed })).genesisId;
}
