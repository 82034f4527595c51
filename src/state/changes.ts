import { BlockError } from "../types/errors.ts";
import type { GenesisPayload } from "../types/genesis.ts";
import { maxAmount } from "../types/primitives.ts";
import { toHex } from "../util/bytes.ts";
import type { AccountValue } from "./account-table.ts";

/** One account that a block touched. Without `before`, the block created it. */
export interface StateEntry {
  index: number;
  address: Uint8Array;
  before?: AccountValue;
  after: AccountValue;
}

/** What a block does to the accounts. Entries of new accounts ascend by index, from `firstNew`. */
export interface StateChanges {
  /** The number of accounts before. */
  firstNew: number;
  entries: StateEntry[];
}

/**
 * What the coinbase transaction does to the empty state.
 * @throws {BlockError} INVALID_GENESIS if an address is listed twice or the sum is above 2^64 - 1, so that no later transfer or fee
 * can overflow a balance.
 */
export function genesisChanges(payload: Pick<GenesisPayload, "coinbase">): StateChanges {
  const seen = new Set<string>();
  let supply = 0n;
  const entries = payload.coinbase.balances.map(({ address, balance }, index): StateEntry => {
    const hex = toHex(address);
    if (seen.has(hex)) throw new BlockError("INVALID_GENESIS", `the coinbase lists ${hex} twice`);
    seen.add(hex);
    supply += balance;
    return { index, address, after: { balance, nonce: 0 } };
  });
  if (supply > maxAmount) throw new BlockError("INVALID_GENESIS", "the coinbase exceeds 2^64 - 1");
  return { firstNew: 0, entries };
}
