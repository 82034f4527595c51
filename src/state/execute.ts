import { BlockError, type TransactionErrorCode } from "../types/errors.ts";
import type { ChainParameters } from "../types/parameters.ts";
import { isSafeCount, maxAmount } from "../types/primitives.ts";
import type { Transaction, Transfer } from "../types/transaction.ts";
import type { AccountState } from "./state.ts";

/** The parameters by which a block's transactions are executed: those after its parent. */
export type ExecutionParameters = Pick<ChainParameters, "minFee" | "blockReward">;

export interface BlockInput {
  height: number;
  transactions: readonly Transaction[];
  proposer: Uint8Array;
  parameters: ExecutionParameters;
}

/** The effect of a whole block. */
export interface ExecutedBlock {
  /** The indexes of the sender's account and of the receiver's, for each transaction; -1 for none. */
  parties: readonly number[];
  /** The balances of these accounts after the transaction; 0 for none. */
  balances: readonly bigint[];
  /** The index of the proposer's account; -1 for none. */
  proposer: number;
  /** The amount that the proposer was paid. */
  income: bigint;
  /** The proposer's balance after that. */
  proposerBalance: bigint;
}

/** The facts that a block itself does not show, and that `revertBlock` needs. */
export interface BlockUndo {
  /** The number of accounts before the block. */
  accounts: number;
  income: bigint;
}

/** True if a block at `height` may no longer include the transfer. */
export function isExpired({ validUntil }: Pick<Transfer, "validUntil">, height: number): boolean {
  return validUntil !== 0 && height > validUntil;
}

/** Executes the transactions of one block, one by one, in place; `rollback` of the state reverts them. */
export class Executor {
  /** The same as in `ExecutedBlock`, for the transactions that were executed. */
  readonly parties: number[] = [];
  readonly #balances: bigint[] = [];
  readonly #state: AccountState;
  readonly #height: number;
  readonly #proposer: Uint8Array;
  readonly #parameters: ExecutionParameters;
  /**
   * Receivers of a zero amount that had no account, with their places in `parties`. The block may have created the
   * account later.
   */
  readonly #strangers: { place: number; address: Uint8Array }[] = [];
  #fees = 0n;

  constructor(state: AccountState, { height, proposer, parameters }: Omit<BlockInput, "transactions">) {
    this.#state = state;
    this.#height = height;
    this.#proposer = proposer;
    this.#parameters = parameters;
  }

  /**
   * Executes a transaction, or returns why it cannot be executed and leaves everything as it was. Signatures are not
   * checked here.
   */
  tryTransaction({ message }: Transaction): TransactionErrorCode | undefined {
    const state = this.#state;
    const { from, to, amount, fee, nonce, validUntil } = message;
    if (!isSafeCount(nonce + 1) || !isSafeCount(validUntil)) return "MALFORMED";
    if (isExpired(message, this.#height)) return "EXPIRED";
    if (fee < this.#parameters.minFee) return "FEE_TOO_LOW";
    const cost = amount + fee;
    const fees = this.#fees + fee;
    if (cost > maxAmount || fees > maxAmount) return "OVERFLOW";

    const sender = state.indexOf(from);
    const senderNonce = sender < 0 ? 0 : state.nonce(sender);
    if (nonce < senderNonce) return "NONCE_TOO_LOW";
    if (nonce > senderNonce) return "NONCE_TOO_HIGH";
    // An account that does not exist cannot use a nonce, even for a transfer that costs nothing.
    const senderBalance = sender < 0 ? 0n : state.balance(sender);
    if (sender < 0 || senderBalance < cost) return "INSUFFICIENT_BALANCE";

    let receiver = state.indexOf(to);
    if (receiver >= 0 && receiver !== sender && state.balance(receiver) + amount > maxAmount)
      return "OVERFLOW";
    state.set(sender, senderBalance - cost, nonce + 1);
    if (receiver >= 0) state.set(receiver, state.balance(receiver) + amount, state.nonce(receiver));
    else if (amount > 0n) receiver = state.append(to, amount);
    else this.#strangers.push({ place: this.parties.length + 1, address: to });
    this.parties.push(sender, receiver);
    this.#balances.push(state.balance(sender), receiver < 0 ? 0n : state.balance(receiver));
    this.#fees = fees;
    return undefined;
  }

  /** Executes like `tryTransaction`. @throws {BlockError} INVALID_TRANSACTION */
  execute(transaction: Transaction): void {
    const index = this.parties.length / 2;
    const code = this.tryTransaction(transaction);
    if (code) throw new BlockError("INVALID_TRANSACTION", `transaction ${index} cannot be executed: ${code}`);
  }

  /**
   * Pays the proposer as much of the fees and the reward as its balance can hold. The rest is lost: no reward that was
   * voted for, and no balance, makes a block invalid. The executor cannot be used afterwards.
   */
  finish(): ExecutedBlock {
    const state = this.#state;
    let proposer = state.indexOf(this.#proposer);
    const balance = proposer < 0 ? 0n : state.balance(proposer);
    const earned = this.#fees + this.#parameters.blockReward;
    const income = earned > maxAmount - balance ? maxAmount - balance : earned;
    if (income > 0n) {
      if (proposer >= 0) state.set(proposer, balance + income, state.nonce(proposer));
      else proposer = state.append(this.#proposer, income);
    }
    for (const { place, address } of this.#strangers) this.parties[place] = state.indexOf(address);
    const { parties } = this;
    return { parties, balances: this.#balances, proposer, income, proposerBalance: balance + income };
  }
}

/**
 * Executes a whole block. Roll the state back after an error. @throws {BlockError} INVALID_TRANSACTION
 */
export function executeBlock(state: AccountState, block: BlockInput): ExecutedBlock {
  const executor = new Executor(state, block);
  for (const transaction of block.transactions) executor.execute(transaction);
  return executor.finish();
}

/**
 * Reverts the last executed block by means of its transactions, which only add and subtract. @throws {RangeError} if
 * there are fewer accounts than before the block
 */
export function revertBlock(
  state: AccountState,
  { transactions, proposer }: Pick<BlockInput, "transactions" | "proposer">,
  { accounts: count, income }: BlockUndo,
): void {
  if (count > state.count) throw new RangeError(`${count} accounts before a block, ${state.count} after it`);
  // Accounts that the block created will be removed. Meanwhile a sum may be below zero: the table counts modulo 2^64.
  const credit = (address: Uint8Array, amount: bigint, nonces: number) => {
    const index = state.indexOf(address);
    if (index >= 0 && index < count)
      state.set(index, state.balance(index) + amount, state.nonce(index) - nonces);
  };
  for (const { message } of transactions) {
    const { from, to, amount, fee } = message;
    credit(from, amount + fee, 1);
    credit(to, -amount, 0);
  }
  credit(proposer, -income, 0);
  state.truncate(count);
}
