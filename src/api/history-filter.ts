import { isUtf8 } from "node:buffer";
import type { HistoryReader, HistoryRow } from "../chain/history-reader.ts";
import type { AccountEntry } from "../storage/account-entries.ts";
import type { TransactionPlace } from "../storage/places.ts";
import { equalBytes, textOf } from "../util/bytes.ts";

export type Direction = "in" | "out" | "self";

/** The words of this interface for what a transfer was to an account. */
export const directions: Readonly<Record<AccountEntry["kind"], Direction>> = {
  received: "in",
  sent: "out",
  self: "self",
};

/** The transactions of an account that are wanted: those for which all of this holds. */
export interface HistoryFilter {
  fromHeight?: number | undefined;
  toHeight?: number | undefined;
  /** Milliseconds since the Unix epoch, both inclusive. */
  fromTime?: number | undefined;
  toTime?: number | undefined;
  direction?: Direction | undefined;
  counterparty?: Uint8Array | undefined;
  /** A part of the memo, in letters of any case. */
  memo?: string | undefined;
  minAmount?: bigint | undefined;
  maxAmount?: bigint | undefined;
}

/** An account whose history is read: its index in the state, and its address. */
export interface HistoryAccount {
  index: number;
  address: Uint8Array;
}

/** The filter for one account. The entries of its index suffice for most of it. */
export interface HistoryMatch {
  /** True if every entry matches. */
  isAll: boolean;
  /** False if the transaction of an entry is not wanted. */
  mayMatch(entry: AccountEntry): boolean;
  /** The rest of the filter, for entries that may match. */
  matches(row: HistoryRow): boolean;
}

export function historyMatch(
  filter: HistoryFilter,
  { address }: HistoryAccount,
  indexOf: (address: Uint8Array) => number,
): HistoryMatch {
  const { direction, counterparty, minAmount, maxAmount } = filter;
  const memo = filter.memo?.toLowerCase();
  const other = counterparty && indexOf(counterparty);
  const isOther = (entry: AccountEntry) =>
    // A receiver without an account may have one since; only the transaction names it.
    entry.kind === "self" || entry.counterparty < 0 || entry.counterparty === other;
  return {
    isAll: [direction, counterparty, minAmount, maxAmount, memo].every((value) => value === undefined),
    mayMatch: (entry) =>
      (direction === undefined || directions[entry.kind] === direction) &&
      (minAmount === undefined || entry.amount >= minAmount) &&
      (maxAmount === undefined || entry.amount <= maxAmount) &&
      (memo === undefined || memo === "" || entry.hasMemo) &&
      (counterparty === undefined || isOther(entry)),
    matches: ({ entry, record }) => {
      const { message } = record.transaction;
      const isReceived = entry.kind === "received";
      // A reorganization between two reads may have given the place to another transaction.
      if (!equalBytes(isReceived ? message.to : message.from, address)) return false;
      if (counterparty !== undefined && !equalBytes(isReceived ? message.from : message.to, counterparty))
        return false;
      if (memo === undefined) return true;
      const bytes = message.memo;
      return isUtf8(bytes) && textOf(bytes).toLowerCase().includes(memo);
    },
  };
}

/** The places within the heights and times of a filter: `from` is the first one, `before` the first one after them. */
export async function placesOf(
  heightAt: HistoryReader["heightAt"],
  { fromHeight = 0, toHeight = Number.MAX_SAFE_INTEGER, fromTime, toTime }: HistoryFilter,
): Promise<{ from: TransactionPlace; before: TransactionPlace }> {
  const first = fromTime === undefined ? 0 : (await heightAt(fromTime - 1)) + 1;
  const last = toTime === undefined ? toHeight : await heightAt(toTime);
  return {
    from: { height: Math.max(fromHeight, first), index: 0 },
    before: { height: Math.min(toHeight, last) + 1, index: 0 },
  };
}
