import type { Chain } from "../../src/chain/chain.ts";
import { AccountState } from "../../src/state/index.ts";
import { equalBytes } from "../../src/util/bytes.ts";

type State = Chain["state"];

/** Copies the accounts of a node to a new table, without any intermediate result of the node. */
export function accountsOf(state: State, paid?: { address: Uint8Array; amount: bigint }): AccountState {
  const accounts = Array.from({ length: state.count }, (_, index) => ({
    address: state.address(index),
    balance: state.balance(index),
    nonce: state.nonce(index),
  }));
  if (paid && paid.amount > 0n) {
    const own = accounts.find(({ address }) => equalBytes(address, paid.address));
    if (own) own.balance += paid.amount;
    else accounts.push({ address: paid.address, balance: paid.amount, nonce: 0 });
  }
  return AccountState.fromAccounts(accounts, new Uint8Array(8));
}

/** Returns the sum of all balances. */
export function balanceOf(state: State): bigint {
  let sum = 0n;
  for (let index = 0; index < state.count; index++) sum += state.balance(index);
  return sum;
}
