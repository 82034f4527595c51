import { isUtf8 } from "node:buffer";
import { setImmediate } from "node:timers/promises";
import type { Chain } from "../chain/chain.ts";
import type { WeightedHeader } from "../chain/types.ts";
import { encodeAddress } from "../crypto/address.ts";
import {
  type ChainConfig,
  type HeaderVote,
  parameterName,
  type TransactionRecord,
  voteKinds,
} from "../types/index.ts";
import { equalBytes, textOf, toHex } from "../util/bytes.ts";
import type { VoteBody } from "./services.ts";

/** Transactions that are formatted between two turns of the event loop: about 10 ms. */
const sliceSize = 500;

/** A transaction as JSON. A memo that is not UTF-8 is `memoHex`. `addressText` may know the text of an address. */
export function transactionView({ idHex, transaction }: TransactionRecord, addressText = encodeAddress) {
  const { from, to, amount, fee, nonce, validUntil, memo } = transaction.message;
  return {
    id: idHex,
    from: addressText(from),
    to: addressText(to),
    amount: amount.toString(),
    fee: fee.toString(),
    nonce,
    validUntil,
    ...(isUtf8(memo) ? { memo: textOf(memo) } : { memoHex: toHex(memo) }),
    signature: toHex(transaction.signature),
  };
}

/** Formats all of them and lets other work run in between, so that a large block does not delay the chain. */
export async function transactionViews(records: readonly TransactionRecord[]) {
  const views: ReturnType<typeof transactionView>[] = [];
  for (let at = 0; at < records.length; at += sliceSize) {
    if (at > 0) await setImmediate();
    for (const record of records.slice(at, at + sliceSize)) views.push(transactionView(record));
  }
  return views;
}

/** A block's header as JSON, with the values that follow from its ancestors. */
export function headerView(head: WeightedHeader) {
  return { ...signedHeaderView(head), totalDifficulty: head.totalDifficulty };
}

/** A header as JSON. */
export function signedHeaderView({
  height,
  idHex,
  header,
}: Pick<WeightedHeader, "height" | "idHex" | "header">) {
  const { message, signature } = header;
  return {
    id: idHex,
    height,
    parent: toHex(message.parent),
    timestamp: message.timestamp,
    proposer: encodeAddress(message.proposer),
    difficulty: message.difficulty,
    vote: voteView(message.vote),
    transactionsRoot: toHex(message.transactionsRoot),
    stateRoot: toHex(message.stateRoot),
    signature: toHex(signature),
  };
}

/** A vote as JSON; null if there is none. */
export function voteView(vote: HeaderVote) {
  return vote.kind === voteKinds.none ? null : subjectView(vote);
}

/** The subject of a vote as JSON. */
export function subjectView({ kind, candidate, parameter, value }: HeaderVote): VoteBody {
  const name = parameterName(parameter);
  if (name) return { kind: "set", parameter: name, value: value.toString() };
  return { kind: kind === voteKinds.add ? "add" : "remove", candidate: encodeAddress(candidate) };
}

/** A text of genesis. */

/** The name that genesis gives to an address. */
export function nameOf({ names }: Pick<ChainConfig, "names">, address: Uint8Array): string | undefined {
  const named = names.find((entry) => equalBytes(entry.address, address));
  return named && textOf(named.name);
}

/** Summaries of the chain's recoveries. */
export function recoverySummaries({ awaited, tree }: Pick<Chain, "awaited" | "tree">) {
  const { all, ids } = tree.recoveries;
  const notReached = awaited ? all.indexOf(awaited) : all.length;
  return all.map(({ block, authorities }, index) => ({
    id: toHex(ids[index]!),
    block: { height: block.height, id: toHex(block.id) },
    authorities: authorities.length,
    reached: index < notReached,
  }));
}
