import { type FinalityStatus, genesisFinality } from "../consensus/index.ts";
import { AccountState } from "../state/index.ts";
import { type AuthoritySnapshot, Transaction, transactionsRoot } from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { CodedError } from "../util/errors.ts";
import type { Genesis } from "./genesis.ts";
import type { ChainStores } from "./stores.ts";
import type { Head } from "./types.ts";

/** The newest blocks are read at start: a torn or damaged end of the database is found before the node speaks. */
const checkedBlocks = 16;

export interface LoadedChain {
  head: Head;
  snapshot: AuthoritySnapshot;
  state: AccountState;
  finality: FinalityStatus;
}

/** Loads the head and its state, and compares them. @throws {CodedError} `DAMAGED` */
export async function loadChain(
  stores: ChainStores,
  genesis: Genesis,
  seed: Uint8Array,
): Promise<LoadedChain> {
  const id = (await stores.meta.head()) ?? damaged("it has no head");
  const record = (await stores.blocks.header(id)) ?? damaged(`its head ${toHex(id)} is missing`);
  const snapshot = (await stores.meta.headSnapshot()) ?? damaged("the authorities of its head are missing");
  const state = await AccountState.load(stores.accounts.all(), seed);
  const { stateRoot, height } = record.header.message;
  if (!equalBytes(state.stateRoot(snapshot), stateRoot)) {
    damaged(`the stored accounts are not those of the head, block ${height}`);
  }
  await checkNewest(stores, height);
  const head = {
    height,
    id: id.slice(),
    idHex: toHex(id),
    header: record.header,
    totalDifficulty: record.totalDifficulty,
  };
  const finality = (await stores.finality.status()) ?? genesisFinality(genesis.id);
  return { head, snapshot, state, finality };
}

async function checkNewest({ blocks }: ChainStores, height: number): Promise<void> {
  const ids = await blocks.canonicalIdsDown(height, Math.min(height, checkedBlocks));
  if (ids.length !== Math.min(height, checkedBlocks)) damaged("blocks below its head are missing");
  for (const [depth, id] of ids.entries()) {
    const record = (await blocks.header(id)) ?? damaged(`block ${height - depth} is missing`);
    const body =
      (await blocks.body(id)) ?? damaged(`the transactions of block ${height - depth} are missing`);
    const root = transactionsRoot(body.map((transaction) => Transaction.hashTreeRoot(transaction)));
    if (!equalBytes(root, record.header.message.transactionsRoot)) {
      damaged(`the transactions of block ${height - depth} are not those of its header`);
    }
  }
}

function damaged(what: string): never {
  throw new CodedError(
    "DAMAGED",
    `the database is damaged: ${what}. Move the folder db away and start again: the node downloads the chain from its peers`,
  );
}
