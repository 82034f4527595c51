import { BlockError, type TransactionErrorCode } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { isSafeCount, maxAmount } from "../types/primitives.ts";
import type { Transaction } from "../types/transaction.ts";
import type { AccountReader } from "./account-table.ts";
import type { StateChanges, StateEntry } from "./changes.ts";
import { Overlay } from "./overlay.ts";

/** The part of a chain's configuration that its transactions are executed by. */
export type ExecutionConfig = Pick<ChainConfig, "minFee" | "blockReward">;

export interface BlockInput {
  transactions: readonly Transaction[];
  proposer: Uint8Array;
  config: ExecutionConfig;
}

/** Executes the transactions of one block, one by one, without touching the accounts. */
export interface Executor {
  /** Executes a transaction, or says why it cannot be and leaves everything as it was. Signatures are not checked here. */
  tryTransaction(transaction: Transaction): TransactionErrorCode | undefined;
  /**
   * Pays the proposer. The executor is used up.
   * @throws {BlockError} REWARD_OVERFLOW
   */
  finish(): StateChanges;
}

/** `state` must not change until `finish`. */
export function createExecutor(
  state: AccountReader,
  { proposer, config }: Omit<BlockInput, "transactions">,
): Executor {
  const overlay = new Overlay(state);
  let fees = 0n;

  function tryTransaction({ message }: Transaction): TransactionErrorCode | undefined {
    const { from, to, amount, fee, nonce } = message;
    if (!isSafeCount(nonce + 1)) return "MALFORMED";
    if (fee < config.minFee) return "FEE_TOO_LOW";
    const cost = amount + fee;
    if (cost > maxAmount || fees + fee > maxAmount) return "OVERFLOW";

    const sender = overlay.get(from);
    const senderNonce = sender?.after.nonce ?? 0;
    if (nonce < senderNonce) return "NONCE_TOO_LOW";
    if (nonce > senderNonce) return "NONCE_TOO_HIGH";
    // An account that does not exist cannot hold the next nonce, even of a transfer that costs nothing.
    if (!sender || sender.after.balance < cost) return "INSUFFICIENT_BALANCE";

    const receiver = overlay.get(to);
    if (receiver && receiver !== sender && receiver.after.balance + amount > maxAmount) return "OVERFLOW";
    debit(sender, cost);
    if (receiver) receiver.after.balance += amount;
    else if (amount > 0n) overlay.create(to, amount);
    fees += fee;
    return undefined;
  }

  function finish(): StateChanges {
    const income = fees + config.blockReward;
    const account = overlay.get(proposer);
    if ((account?.after.balance ?? 0n) + income > maxAmount) {
      throw new BlockError("REWARD_OVERFLOW", "the proposer's balance cannot hold its fees and reward");
    }
    if (account) account.after.balance += income;
    else if (income > 0n) overlay.create(proposer, income);
    return overlay.changes();
  }

  return { tryTransaction, finish };
}

function debit({ after }: StateEntry, cost: bigint): void {
  after.balance -= cost;
  after.nonce += 1;
}

/**
 * What a block does to `state`, which stays as it is.
 * @throws {BlockError} INVALID_TRANSACTION with the index and code of the first that cannot be executed; REWARD_OVERFLOW
 */
export function executeBlock(state: AccountReader, block: BlockInput): StateChanges {
  const executor = createExecutor(state, block);
  for (const [transactionIndex, transaction] of block.transactions.entries()) {
    const transactionCode = executor.tryTransaction(transaction);
    if (transactionCode) {
      const message = `transaction ${transactionIndex} cannot be executed: ${transactionCode}`;
      throw new BlockError("INVALID_TRANSACTION", message, { transactionIndex, transactionCode });
    }
  }
  return executor.finish();
}
