import { concatBytes, uint32Bytes, viewOf } from "../util/bytes.ts";
import {
  type AccountEntry,
  accountEntries,
  accountEntryKey,
  accountEntryKeys,
  type BlockEffects,
  readAccountEntry,
} from "./account-entries.ts";
import type { EntryReader, Write } from "./database.ts";
import { deletions, type Entry, hasEntries } from "./entries.ts";
import { heightBytes, readHeight, writeHeight } from "./heights.ts";
import { keyOf, keyRange } from "./key-spaces.ts";
import type { TransactionPlace } from "./places.ts";
import { readVarint, type VarintReader, writeVarint } from "./varint.ts";

/** The proposer of a block, and its pay. */
export interface BlockIncome {
  height: number;
  /** The index of its account. */
  proposer: number;
  income: bigint;
  /** Its balance after that. */
  proposerBalance: bigint;
}

/** A change of a balance. */
interface Change {
  height: number;
  before: bigint;
  after: bigint;
}

/** The part of a history that is read: from one place on, to before another. */
export interface HistoryRange {
  from?: TransactionPlace | undefined;
  before?: TransactionPlace | undefined;
}

/** Entries that are handed over together: each time costs as much as reading one of them. */
const entriesAtOnce = 256;

/**
 * The effects of the canonical chain on each account, in an order that lets a page of an account's history be read at
 * once. Methods that change something return the writes.
 */
export class HistoryStore {
  readonly #database: EntryReader;

  constructor(database: EntryReader) {
    this.#database = database;
  }

  clear(block: Pick<BlockEffects & BlockIncome, "height" | "parties" | "proposer" | "income">): Write[] {
    const keys = accountEntryKeys(block);
    if (hasIncome(block)) keys.push(incomeKey(block.proposer, block.height));
    return deletions(keys);
  }

  has(block: BlockEffects & BlockIncome): Promise<boolean> {
    return hasEntries(this.#database, historyEntries(block));
  }

  /**
   * Yields what transactions did to an account, some at a time. `limit` is the number that is needed, if it is known:
   * then little more is read.
   */
  async *entries(
    account: number,
    { from, before }: HistoryRange,
    { newestFirst, limit }: { newestFirst: boolean; limit?: number },
  ): AsyncGenerator<AccountEntry[], void> {
    const range = keyRange("accountEntry", uint32Bytes(account));
    if (before) range.lt = accountEntryKey(account, before.height, before.index);
    if (from) range.gte = await this.#startKey(account, from);
    const most = limit ?? entriesAtOnce;
    let some: AccountEntry[] = [];
    // The first entry of the database may hold nothing of the range.
    for await (const [key, value] of this.#iterate(range, newestFirst, limit && limit + 1)) {
      const entries = readAccountEntry(key, value);
      if (newestFirst) entries.reverse();
      for (const entry of entries)
        if (!(from && comparePlaces(entry, from) < 0) && !(before && comparePlaces(entry, before) >= 0))
          some.push(entry);
      if (some.length < most) continue;
      yield some;
      some = [];
    }
    if (some.length > 0) yield some;
  }

  /** The balance of an account after the canonical block at a height; undefined if no block has ever changed it. */
  async balanceAt(account: number, height: number): Promise<bigint | undefined> {
    const [transfer, income] = await this.#changes(account, height, true);
    // A block pays its proposer after its transactions.
    const last = transfer && (!income || transfer.height > income.height) ? transfer : income;
    if (last) return last.after;
    const [nextTransfer, nextIncome] = await this.#changes(account, height, false);
    const isTransferNext = nextTransfer && (!nextIncome || nextTransfer.height <= nextIncome.height);
    return (isTransferNext ? nextTransfer : nextIncome)?.before;
  }

  /** The last changes of a balance up to a height, or the first ones after it: by a transaction, and by income. */
  async #changes(account: number, height: number, isLast: boolean): Promise<(Change | undefined)[]> {
    const transfers = keyRange("accountEntry", uint32Bytes(account));
    const incomes = keyRange("accountIncome", uint32Bytes(account));
    const end = isLast ? "lt" : "gte";
    transfers[end] = accountEntryKey(account, height + 1, 0);
    incomes[end] = incomeKey(account, height + 1);
    const changes: (Change | undefined)[] = [undefined, undefined];
    for await (const [key, value] of this.#iterate(transfers, isLast, 1)) {
      const entry = readAccountEntry(key, value).at(isLast ? -1 : 0)!;
      changes[0] = { height: entry.height, before: balanceBefore(entry), after: entry.balance };
    }
    for await (const [key, value] of this.#iterate(incomes, isLast, 1)) changes[1] = readIncome(key, value);
    return changes;
  }

  /** The key of the entry that holds a place, or of the next one. */
  async #startKey(account: number, { height, index }: TransactionPlace): Promise<Uint8Array> {
    const gte = accountEntryKey(account, height, 0);
    if (index === 0) return gte;
    const lt = concatBytes(accountEntryKey(account, height, index), Uint8Array.of(0));
    for await (const [key] of this.#iterate({ gte, lt }, true, 1)) return key;
    return gte;
  }

  #iterate(range: KeyRange, reverse: boolean, limit: number | undefined) {
    return this.#database.iterate({ ...range, reverse, ...(limit !== undefined && { limit }) });
  }
}

interface KeyRange {
  gte: Uint8Array;
  lt: Uint8Array;
}

/** The balance before a transaction. */
function balanceBefore({ kind, amount, fee, balance }: AccountEntry): bigint {
  if (kind === "received") return balance - amount;
  return kind === "sent" ? balance + amount + fee : balance + fee;
}

/** Negative if `a` is before `b` in the chain. */
export function comparePlaces(a: TransactionPlace, b: TransactionPlace): number {
  return a.height - b.height || a.index - b.index;
}

/** The entries for a canonical block. */
export function historyEntries(block: BlockEffects & BlockIncome): Entry[] {
  return [...accountEntries(block), ...incomeEntries(block)];
}

function hasIncome({ proposer, income }: Pick<BlockIncome, "proposer" | "income">): boolean {
  return proposer >= 0 && income > 0n;
}

function incomeEntries(block: BlockIncome): Entry[] {
  if (!hasIncome(block)) return [];
  const value = new Uint8Array(20);
  const end = writeVarint(value, writeVarint(value, 0, block.income), block.proposerBalance);
  return [{ key: incomeKey(block.proposer, block.height), value: value.subarray(0, end) }];
}

function incomeKey(account: number, height: number): Uint8Array {
  const bytes = new Uint8Array(heightBytes);
  writeHeight(viewOf(bytes), 0, height);
  return keyOf("accountIncome", uint32Bytes(account), bytes);
}

function readIncome(key: Uint8Array, value: Uint8Array): Change {
  const reader: VarintReader = { bytes: value, at: 0 };
  const income = readVarint(reader);
  const after = readVarint(reader);
  return { height: readHeight(viewOf(key), key.byteLength - heightBytes), before: after - income, after };
}
