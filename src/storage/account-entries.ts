import { viewOf } from "../util/bytes.ts";
import type { Entry } from "./entries.ts";
import { readHeight, writeHeight } from "./heights.ts";
import { keySpaces } from "./key-spaces.ts";
import { readVarint, type VarintReader, writeSmallVarint, writeVarint } from "./varint.ts";

/** The direction of a transfer, seen from an account. */
type EntryKind = "received" | "sent" | "self";

/** The effect of one transaction on an account. */
export interface AccountEntry {
  height: number;
  index: number;
  kind: EntryKind;
  /** The index of the other account; -1 if it has none, or if the account paid itself. */
  counterparty: number;
  amount: bigint;
  /** The fee that the account paid. */
  fee: bigint;
  hasMemo: boolean;
  /** The account's balance after the transaction. */
  balance: bigint;
}

/** The effects of a block on accounts. */
export interface BlockEffects {
  height: number;
  records: readonly EffectRecord[];
  /** Two entries per transaction: the account indexes of its sender and receiver, -1 for none. */
  parties: readonly number[];
  /** The balances of the parties after the transaction. */
  balances: readonly bigint[];
}

/** The parts of a transaction's record that an entry is made of. */
interface EffectRecord {
  transaction: { message: { amount: bigint; fee: bigint; memo: Uint8Array } };
}

/**
 * Transactions of one account in one block that share an entry of the database, at most: a page reads few of them that
 * it does not need, and keys remain a small part.
 */
const transactionsPerEntry = 64;
const keyBytes = 13;
/** Kind and flags (1), index (3), counterparty (5), amount, fee and balance (10 each). */
const maxRecordBytes = 39;
const kinds: readonly EntryKind[] = ["received", "sent", "self"];
const kindBits = 3;
const memoFlag = 4;
const maxIndex = 0xffff;

/** The parties of a block by account: lists that are linked by the parties' places. */
interface Grouped {
  /** Account index -> its first party. */
  first: Map<number, number>;
  /** Party -> the next party of the same account, -1 for none. */
  next: Int32Array;
}

/** Most accounts of a block are in it once or twice; an array for each would cost the most. */
function groupByAccount(parties: readonly number[]): Grouped {
  const first = new Map<number, number>();
  const next = new Int32Array(parties.length).fill(-1);
  // Goes from the last party to the first, so that the first party so far is the one after this.
  for (let party = parties.length - 1; party >= 0; party--) {
    const account = parties[party]!;
    // A transfer to oneself is listed once.
    if (account < 0 || (party & 1 && account === parties[party - 1])) continue;
    next[party] = first.get(account) ?? -1;
    first.set(account, party);
  }
  return { first, next };
}

/** The keys of a block's entries. */
export function accountEntryKeys({
  height,
  parties,
}: Pick<BlockEffects, "height" | "parties">): Uint8Array[] {
  const { first, next } = groupByAccount(parties);
  const keys: Uint8Array[] = [];
  for (const [account, start] of first) {
    let count = 0;
    for (let party = start; party >= 0; party = next[party]!)
      if (count++ % transactionsPerEntry === 0) keys.push(accountEntryKey(account, height, party >>> 1));
  }
  return keys;
}

/** The entries of a block, in all accounts that it names. */
export function accountEntries(block: BlockEffects): Entry[] {
  const { first, next } = groupByAccount(block.parties);
  const entries: Entry[] = [];
  const bytes = new Uint8Array(block.parties.length * (keyBytes + maxRecordBytes));
  const view = viewOf(bytes);
  let at = 0;
  for (const [account, start] of first) {
    let party = start;
    while (party >= 0) {
      const keyAt = at;
      const valueAt = keyAt + keyBytes;
      writeKey(view, keyAt, account, block.height, party >>> 1);
      // The index of the first one is in the key.
      at = writeRecord(bytes, valueAt, block, party, -1);
      for (let count = 1; count < transactionsPerEntry; count++) {
        const previous = party;
        party = next[party]!;
        if (party < 0) break;
        at = writeRecord(bytes, at, block, party, previous);
      }
      if (party >= 0) party = next[party]!;
      entries.push({ key: bytes.subarray(keyAt, valueAt), value: bytes.subarray(valueAt, at) });
    }
  }
  return entries;
}

/** Writes what a transaction did to a party, after the one of `previous`, and returns the place after it. */
function writeRecord(
  bytes: Uint8Array,
  start: number,
  { records, parties, balances }: BlockEffects,
  party: number,
  previous: number,
): number {
  const index = party >>> 1;
  const { amount, fee, memo } = records[index]!.transaction.message;
  const isSender = (party & 1) === 0;
  const other = parties[party ^ 1]!;
  const kind = !isSender ? 0 : other === parties[party] ? 2 : 1;
  let at = start;
  bytes[at++] = kind | (memo.length > 0 ? memoFlag : 0);
  if (previous >= 0) at = writeSmallVarint(bytes, at, index - (previous >>> 1));
  if (kind !== 2) at = writeSmallVarint(bytes, at, other + 1);
  at = writeVarint(bytes, at, amount);
  if (isSender) at = writeVarint(bytes, at, fee);
  return writeVarint(bytes, at, balances[party]!);
}

/** Reads an entry of the database, the oldest transaction first. */
export function readAccountEntry(key: Uint8Array, value: Uint8Array): AccountEntry[] {
  const view = viewOf(key);
  const height = readHeight(view, 5);
  const reader: VarintReader = { bytes: value, at: 0 };
  const entries: AccountEntry[] = [];
  let index = view.getUint16(11);
  while (reader.at < value.length) {
    const flags = value[reader.at++]!;
    const kind = kinds[flags & kindBits]!;
    if (entries.length > 0) index += Number(readVarint(reader));
    const counterparty = kind === "self" ? -1 : Number(readVarint(reader)) - 1;
    const amount = readVarint(reader);
    const fee = kind === "received" ? 0n : readVarint(reader);
    const balance = readVarint(reader);
    const hasMemo = (flags & memoFlag) !== 0;
    entries.push({ height, index, kind, counterparty, amount, fee, hasMemo, balance });
  }
  return entries;
}

/** The key of an entry that begins at a place, or where it would be. Indexes beyond the last one give the last one. */
export function accountEntryKey(account: number, height: number, index: number): Uint8Array {
  const key = new Uint8Array(keyBytes);
  writeKey(viewOf(key), 0, account, height, Math.min(index, maxIndex));
  return key;
}

function writeKey(view: DataView, at: number, account: number, height: number, index: number): void {
  view.setUint8(at, keySpaces.accountEntry);
  view.setUint32(at + 1, account);
  writeHeight(view, at + 5, height);
  view.setUint16(at + 11, index);
}
