import { concatBytes } from "../util/bytes.ts";

/** First byte of every key. A number is never given to another kind of value. */
export const keySpaces = {
  /** Name -> value: format version, genesis block, head. */
  meta: 0,
  /** Block id -> `HeaderRecord`. */
  header: 1,
  // 2 was the encoded transactions of a block, all in one value.
  // 3 was the canonical chain, without times.
  // 4 was the index of transactions, with places as values.
  /**
   * Account index (4) -> address (32), balance (8), nonce (8): accounts of the head's state that are not in
   * `accountPage`.
   */
  account: 5,
  // 6 was the undo records, with accounts.
  /** Block id -> `ChainSnapshot` after it, for some blocks. */
  snapshot: 7,
  // 8 was the mempool, with a transaction a value.
  // 9 was the transactions of an account.
  /** Peer id -> JSON. */
  addressBook: 10,
  /** Round of the target (8) -> `Certificate`. */
  certificate: 11,
  /** Height (8) of a block that was finalized itself -> its round (8). */
  finalizedRound: 12,
  /** Number of the first event (8) -> one event, or several transactions: `event-log.ts`. */
  event: 13,
  /** Block id -> root of the accounts after it: with the authority snapshot, the header's `stateRoot`. */
  accountsRoot: 14,
  /** First 8 bytes of a transaction's id, height (6), index (2) -> nothing: places in the canonical chain. */
  transactionPlace: 15,
  // 16 was the places of an account's transactions, one an entry.
  // 17 was the number of accounts before a block.
  /** Sequence number (8) -> time of arrival (8), then the `Transactions` that were acknowledged together. */
  mempoolBatch: 18,
  /** Page (4) -> 256 accounts. Entries of `account` take precedence. */
  accountPage: 19,
  /** Candidate -> kind (1), time (8): a change of the authority set that this node's operator proposes. */
  proposal: 20,
  // 21 was the places of an account's transactions, without what they did.
  /** Height (8), block id -> parent (32), proposer (32), size of the body (4): stored blocks that are not canonical. */
  side: 24,
  /** Id of a canonical block -> `UndoRecord`: inverse execution computes the rest. */
  undo: 25,
  /** Block id -> number of parts (2), then the first part of its `Transactions`; block id, part (2) -> the others. */
  body: 26,
  /** Height (8) -> id (32) and timestamp (8) of the block of the canonical chain. */
  canonical: 27,
  /**
   * Account index (4), height (6), index of the first transaction (2) -> what some transactions of that block of the
   * canonical chain did to the account: `account-entries.ts`.
   */
  accountEntry: 28,
  /** Account index (4), height (6) -> pay for that block of the canonical chain, and the account's balance then. */
  accountIncome: 29,
  /** Signatures that must not be contradicted: `protection.ts`. */
  protection: 30,
  /** Offender (32), evidence id (32) -> time of arrival (8), then `Evidence`. */
  evidence: 31,
  /** Block id -> what is remembered of a block of a fork: `forks.ts`. */
  fork: 32,
  /** Hour since the Unix epoch (8) -> `HourFigures`: `chronicle.ts`. */
  hour: 33,
  /** Height (8) of a canonical block that changed the authorities or a parameter -> who voted for it (32 each). */
  change: 34,
  /** Nothing -> what a block, whose entries of 15, 28 and 29 are not written yet, did to accounts: `indexer.ts`. */
  waitingBlock: 35,
} as const;

export type KeySpace = keyof typeof keySpaces;

export function keyOf(space: KeySpace, ...parts: Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(keySpaces[space]), ...parts);
}

/** The range of all keys of a space that begin with `prefix`: from the first one to before the second one. */
export function keyRange(
  space: KeySpace,
  prefix: Uint8Array = new Uint8Array(),
): { gte: Uint8Array; lt: Uint8Array } {
  const gte = keyOf(space, prefix);
  const lt = gte.slice();
  let last = lt.length - 1;
  while (lt[last] === 0xff) last--;
  lt[last]!++;
  return { gte, lt: lt.subarray(0, last + 1) };
}
