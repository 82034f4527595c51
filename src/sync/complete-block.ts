import { blockTransactions } from "../../protocols/index.ts";
import { type BlockChecks, decodeBody } from "../chain/block-check.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { shortIdAt, shortIdCount, type TransactionRecord, transactionCount } from "../types/index.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { inSlices } from "../util/slices.ts";
import { requestOne } from "./request-one.ts";

/** Transactions that were published just before their block may still be on their way, or being checked. */
export const gossipGraceMs = 15;
/** Short ids that are looked up between two pauses: some 10 ms. */
const lookedUpAtOnce = 1024;

export interface Announced {
  id: Uint8Array;
  /** Encoded. */
  shortIds: Uint8Array;
  from: PeerId;
  /** True if this many of its transactions may be requested. */
  mayRequest(count: number): boolean;
}

export interface TransactionSources {
  network: Network;
  checks: BlockChecks;
  mempool: Mempool;
  clock: Clock;
  signal: AbortSignal;
}

/**
 * The transactions of an announced block: from the mempool, and the others from the peer that announced it. Undefined
 * if these may not be requested.
 * @throws {BlockError} `MALFORMED`. {RequestError}
 */
export async function completeBlock(
  { id, shortIds, from, mayRequest }: Announced,
  sources: TransactionSources,
): Promise<TransactionRecord[] | undefined> {
  const { network, checks, signal } = sources;
  const records = await fromMempool(shortIds, sources);
  const indexes = records.flatMap((record, index) => (record ? [] : [index]));
  if (indexes.length > 0) {
    if (!mayRequest(indexes.length)) return undefined;
    const body = await requestOne(network, from, blockTransactions, { block: id, indexes }, { signal });
    if (transactionCount(body) !== indexes.length)
      throw new BlockError("MALFORMED", "not the transactions that were asked for");
    for (const [at, record] of (await decodeBody(body, checks)).entries()) records[indexes[at]!] = record;
  }
  return records as TransactionRecord[];
}

/** Takes these transactions from the mempool; waits a little for missing ones. */
async function fromMempool(
  shortIds: Uint8Array,
  { clock, checks, mempool, signal }: TransactionSources,
): Promise<(TransactionRecord | undefined)[]> {
  const count = shortIdCount({ shortIds });
  const records = new Array<TransactionRecord | undefined>(count);
  let missing = [...records.keys()];
  const look = (index: number) => {
    records[index] = mempool.byShortId(shortIdAt(shortIds, index));
  };
  /** Up to half a second of work for the longest list. */
  const lookInSlices = async () => {
    await inSlices(missing.length, lookedUpAtOnce, checks.pause, (at) => look(missing[at]!));
    missing = missing.filter((index) => !records[index]);
  };
  await lookInSlices();
  if (missing.length === 0) return records;
  const complete = new AbortController();
  const stopListening = mempool.events.on("added", () => {
    if (missing.length > lookedUpAtOnce) return;
    for (const index of missing) look(index);
    missing = missing.filter((index) => !records[index]);
    if (missing.length === 0) complete.abort();
  });
  await sleep(clock, gossipGraceMs, AbortSignal.any([complete.signal, signal]));
  stopListening();
  // Some may be being checked by now.
  await lookInSlices();
  return records;
}
