import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Amount, Count } from "../types/primitives.ts";
import { maxTransactionsPerList } from "../types/transaction.ts";
import type { StateChanges } from "./changes.ts";

/** Two accounts a transaction, and the proposer's. */
const maxUndoEntries = 2 * maxTransactionsPerList + 1;

/** An account as it was before a block. */
const UndoEntry = new ContainerType(
  { index: Count, balance: Amount, nonce: Count },
  { typeName: "UndoEntry" },
);

/** What takes a block back: how many accounts there were, and what the ones it touched held. */
export const Undo = new ContainerType(
  { count: Count, entries: new ListCompositeType(UndoEntry, maxUndoEntries) },
  { typeName: "Undo" },
);
export type Undo = ValueOf<typeof Undo>;

export function undoOf(changes: StateChanges): Undo {
  const entries: Undo["entries"] = [];
  for (const { index, before } of changes.entries) {
    if (before) entries.push({ index, balance: before.balance, nonce: before.nonce });
  }
  return { count: changes.firstNew, entries };
}
