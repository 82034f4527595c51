import { expect } from "vitest";
import { genesisSnapshot } from "../../../src/consensus/index.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { type AccountReader, AccountState, type BlockInput } from "../../../src/state/index.ts";
import {
  type Account,
  Accounts,
  type ChainSnapshot,
  State,
  type Transaction,
} from "../../../src/types/index.ts";
import { uint32Bytes } from "../../../src/util/bytes.ts";
import { testChainConfig } from "../../chain-config.ts";

export const seed = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
export const noAuthorities: ChainSnapshot = genesisSnapshot(testChainConfig({ authorities: [] }));

export function address(index: number): Uint8Array {
  return sha256(uint32Bytes(index));
}

/** Returns accounts at the addresses 0, 1, … with these balances. */
export function accountsWith(...balances: bigint[]): Account[] {
  return balances.map((balance, index) => ({ address: address(index), balance, nonce: 0 }));
}

export function stateOf(accounts: Account[]): AccountState {
  return AccountState.fromAccounts(accounts, seed);
}

/** Returns all accounts in order. */
export function accountsOf(state: AccountReader): Account[] {
  return Array.from({ length: state.count }, (_, index) => ({
    address: state.address(index),
    balance: state.balance(index),
    nonce: state.nonce(index),
  }));
}

/** Compares the roots with those that the SSZ types compute. */
export function expectRoot(state: AccountState, snapshot: ChainSnapshot = noAuthorities): void {
  const accounts = accountsOf(state);
  expect(state.accountsRoot()).toEqual(Accounts.hashTreeRoot(accounts));
  expect(state.stateRoot(snapshot)).toEqual(
    State.hashTreeRoot({ accounts, ...snapshot, authorities: snapshot }),
  );
}

export interface TestTransfer {
  from: number;
  to: number;
  amount?: bigint;
  fee?: bigint;
  nonce?: number;
  validUntil?: number;
}

/** Makes an unsigned transfer, since execution does not check signatures. `from` and `to` are numbers for `address`. */
export function transfer({
  from,
  to,
  amount = 0n,
  fee = 0n,
  nonce = 0,
  validUntil = 0,
}: TestTransfer): Transaction {
  const memo = new Uint8Array();
  const message = { from: address(from), to: address(to), amount, fee, nonce, validUntil, memo };
  return { message, signature: new Uint8Array(64) };
}

export function block(proposer: number, transfers: TestTransfer[], parameters = {}, height = 1): BlockInput {
  return {
    height,
    proposer: address(proposer),
    transactions: transfers.map(transfer),
    parameters: { minFee: 0n, blockReward: 0n, ...parameters },
  };
}
