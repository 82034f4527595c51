import type { GenesisPayload } from "../types/genesis.ts";
import type { AccountValue } from "./account-table.ts";

/** One account that a block touched. Without `before`, the block created it. */
export interface StateEntry {
  index: number;
  address: Uint8Array;
  before?: AccountValue;
  after: AccountValue;
}

/** What a block does to the accounts: those that it changed in any order, then the new ones in order, from index `firstNew`. */
export interface StateChanges {
  /** The number of accounts before. */
  firstNew: number;
  entries: StateEntry[];
}

/** What the coinbase transaction does to the empty state: it creates each account that it lists. `checkCoinbase` has passed it. */
export function genesisChanges({ coinbase }: Pick<GenesisPayload, "coinbase">): StateChanges {
  const entries = coinbase.balances.map(({ address, balance }, index): StateEntry => {
    return { index, address, after: { balance, nonce: 0 } };
  });
  return { firstNew: 0, entries };
}
