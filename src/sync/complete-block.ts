import { blockTransactions } from "../../protocols/index.ts";
import { type BlockChecks, decodeBody } from "../chain/block-check.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { Network, PeerId } from "../network/types.ts";
import { BlockError } from "../types/errors.ts";
import { type TransactionRecord, transactionCount } from "../types/index.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { requestOne } from "./request-one.ts";

/** Transactions that were published just before their block may still be on their way, or being checked. */
export const gossipGraceMs = 15;

export interface Announced {
  id: Uint8Array;
  shortIds: readonly Uint8Array[];
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
  shortIds: readonly Uint8Array[],
  { clock, mempool, signal }: TransactionSources,
): Promise<(TransactionRecord | undefined)[]> {
  const records = shortIds.map((shortId) => mempool.byShortId(shortId));
  let missing = [...records.keys()].filter((index) => !records[index]);
  const lookAgain = () => {
    for (const index of missing) records[index] = mempool.byShortId(shortIds[index]!);
    missing = missing.filter((index) => !records[index]);
  };
  if (missing.length === 0) return records;
  const complete = new AbortController();
  const stopListening = mempool.events.on("added", () => {
    lookAgain();
    if (missing.length === 0) complete.abort();
  });
  await sleep(clock, gossipGraceMs, AbortSignal.any([complete.signal, signal]));
  stopListening();
  // Some may be being checked by now.
  lookAgain();
  return records;
}
