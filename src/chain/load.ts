import { type FinalityStatus, genesisFinality } from "../consensus/index.ts";
import { AccountState } from "../state/index.ts";
import { damaged } from "../storage/damaged.ts";
import { BlockError } from "../types/errors.ts";
import {
  type BlockRef,
  type ChainSnapshot,
  computeDomain,
  decodeRecordsInSlices,
  transactionsRoot,
} from "../types/index.ts";
import { equalBytes, toHex } from "../util/bytes.ts";
import { UserError } from "../util/errors.ts";
import type { Pause } from "../util/slices.ts";
import type { BlockTree } from "./block-tree.ts";
import { ForkBlocks } from "./fork-blocks.ts";
import type { Genesis } from "./genesis.ts";
import { Recoveries } from "./recoveries.ts";
import type { KnownRules } from "./rules.ts";
import type { ChainStores } from "./stores.ts";
import type { BlockSummary, WeightedHeader } from "./types.ts";

/**
 * The newest blocks are read at start, so that a torn or damaged end of the database is found before the node says
 * anything to others.
 */
const checkedBlocks = 16;
/** LevelDB loses at most its newest log if that is damaged: 4 MiB, or that many of the smallest blocks. */
const checkedHeights = 8192;

export interface LoadedChain {
  head: BlockSummary;
  /** The snapshot in the head's state root. */
  snapshot: ChainSnapshot;
  state: AccountState;
  finality: FinalityStatus;
  forks: ForkBlocks;
  recoveries: Recoveries;
}

/** Loads the head and its state, and compares them. @throws {CodedError} `DAMAGED` */
export async function loadChain(
  stores: ChainStores,
  genesis: Genesis,
  seed: Uint8Array,
  pause: Pause,
): Promise<LoadedChain> {
  await stores.indexer.resume(genesis.id);
  const id = (await stores.meta.head()) ?? damaged("it has no head");
  const record = (await stores.blocks.header(id)) ?? damaged(`its head ${toHex(id)} is missing`);
  const snapshot = (await stores.meta.headSnapshot()) ?? damaged("the authorities of its head are missing");
  const state = new AccountState(seed, await stores.accounts.count());
  for await (const page of stores.accounts.all())
    for (let index = 0; index < page.count; index++)
      state.append(page.address(index), page.balance(index), page.nonce(index));
  state.settle();
  await state.hash(pause);
  const { stateRoot, height } = record.header.message;
  if (!equalBytes(state.stateRoot(snapshot), stateRoot)) {
    damaged(`the stored accounts are not those of the head, block ${height}`);
  }
  await checkNewest(stores, { height, id }, computeDomain("transaction", genesis.id), pause);
  const head = { height, id: id.slice(), idHex: toHex(id), ...record };
  const finality = (await stores.finality.status()) ?? genesisFinality(genesis.id);
  const recoveries = new Recoveries(await stores.recoveries.all());
  return { head, snapshot, state, finality, forks: await ForkBlocks.load(stores), recoveries };
}

/**
 * A node stops at the block that enacts rules that it does not know; only an earlier program can meet the blocks after
 * it. @throws {UserError} `UNKNOWN_RULES`
 */
export async function requireKnownHead({
  head: { height, header },
  tree,
  rules,
  unknownRules,
}: {
  head: WeightedHeader;
  tree: BlockTree;
  rules: KnownRules;
  unknownRules: number | undefined;
}): Promise<void> {
  if (unknownRules === undefined) return;
  const before = await tree.snapshotAfter(header.message.parent).catch((error) => {
    if (error instanceof BlockError && error.code === "UNKNOWN_RULES") return undefined;
    throw error;
  });
  if (before && rules.knows(before)) return;
  throw new UserError(
    `the database holds block ${height}, which was made by later rules than this program knows (version ${rules.newest}): ` +
      "use the release that made it, or a later one",
    "UNKNOWN_RULES",
  );
}

async function checkNewest(
  { blocks }: ChainStores,
  head: BlockRef,
  domain: Uint8Array,
  pause: Pause,
): Promise<void> {
  const refs = await blocks.canonicalDown(head.height, checkedHeights);
  if (refs[0]?.height !== head.height) damaged(`block ${head.height} is missing`);
  let expected = head.id;
  for (const { height, id } of refs.slice(0, Math.min(head.height, checkedBlocks))) {
    if (!equalBytes(id, expected)) damaged(`block ${height} is not the parent of the one after it`);
    const record = (await blocks.header(id)) ?? damaged(`block ${height} is missing`);
    const body = (await blocks.bodyBytes(id)) ?? damaged(`the transactions of block ${height} are missing`);
    if ((await blocks.undo(id)) === undefined) damaged(`the undo record of block ${height} is missing`);
    expected = record.header.message.parent;
    const records = await decodeRecordsInSlices(body, domain, pause);
    const root = transactionsRoot(records.map((record) => record.id));
    if (!equalBytes(root, record.header.message.transactionsRoot)) {
      damaged(`the transactions of block ${height} are not those of its header`);
    }
  }
}
