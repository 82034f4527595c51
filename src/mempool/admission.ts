import { TransactionError } from "../types/errors.ts";
import type { ChainConfig } from "../types/genesis.ts";
import { isSafeCount, maxAmount, type Transaction, type TransactionRecord } from "../types/index.ts";
import { costOf } from "./account-queue.ts";
import type { MempoolLimits } from "./limits.ts";
import type { Pool } from "./pool.ts";
import type { AccountLookup, AddOutcome, PoolEntry } from "./types.ts";

/** @throws {TransactionError} `MALFORMED`, `OVERFLOW` */
export function checkForm({ message }: Transaction): void {
  if (!isSafeCount(message.nonce) || !isSafeCount(message.nonce + 1)) {
    throw new TransactionError("MALFORMED", "the nonce is above 2^53 - 2");
  }
  if (message.amount + message.fee > maxAmount) {
    throw new TransactionError("OVERFLOW", "amount and fee together are above 2^64 - 1");
  }
}

/** What is known at a glance: asked before the signature is checked, so that most refusals cost little. @throws {TransactionError} */
export function checkCheaply(
  record: TransactionRecord,
  pool: Pool,
  account: AccountLookup,
  config: Pick<ChainConfig, "minFee">,
): void {
  const { from, nonce, fee } = record.transaction.message;
  if (pool.get(record.idHex))
    throw new TransactionError("ALREADY_KNOWN", "this transaction is waiting already");
  if (fee < config.minFee) {
    throw new TransactionError(
      "FEE_TOO_LOW",
      `the fee is ${fee}, this chain asks for at least ${config.minFee}`,
    );
  }
  const { balance, nonce: accountNonce } = account(from) ?? noAccount;
  if (nonce < accountNonce) {
    throw new TransactionError(
      "NONCE_TOO_LOW",
      `nonce ${nonce} is used, the next is ${pool.nextNonce(from)}`,
    );
  }
  checkBalance(costOf({ record }), 0n, balance);
}

/**
 * Whether the pool, as it is now, takes a transaction whose signature is good; returns the entry that it replaces.
 * @throws {TransactionError} with the reason and what to do.
 */
export function checkAdmission(
  record: TransactionRecord,
  pool: Pool,
  account: AccountLookup,
  limits: MempoolLimits,
  config: Pick<ChainConfig, "minFee">,
): PoolEntry | undefined {
  checkCheaply(record, pool, account, config);
  const { from, nonce } = record.transaction.message;
  const queue = pool.queue(from);
  const replaced = queue?.get(nonce);
  if (replaced) checkReplacement(record, replaced, limits);
  else checkRoom(record, pool, limits);
  const { balance, nonce: accountNonce } = account(from) ?? noAccount;
  const waitingCost = (queue?.costFrom(accountNonce) ?? 0n) - (replaced ? costOf(replaced) : 0n);
  checkBalance(costOf({ record }), waitingCost, balance);
  return replaced;
}

const noAccount = { balance: 0n, nonce: 0 };

function checkBalance(cost: bigint, waitingCost: bigint, balance: bigint): void {
  if (waitingCost + cost <= balance) return;
  const waiting = waitingCost > 0n ? ` beside ${waitingCost} of waiting transactions` : "";
  throw new TransactionError(
    "INSUFFICIENT_BALANCE",
    `amount and fee are ${cost}${waiting}, the balance is ${balance}`,
  );
}

function checkReplacement(record: TransactionRecord, replaced: PoolEntry, limits: MempoolLimits): void {
  const { fee, nonce } = record.transaction.message;
  const old = replaced.record.transaction.message.fee;
  const raised = (old * BigInt(100 + limits.replacementPercent) + 99n) / 100n;
  const least = raised > old ? raised : old + 1n;
  if (fee < least) {
    throw new TransactionError(
      "FEE_TOO_LOW",
      `nonce ${nonce} is waiting with fee ${old}; to replace it pay at least ${least}`,
    );
  }
}

function checkRoom(record: TransactionRecord, pool: Pool, limits: MempoolLimits): void {
  const { from, nonce } = record.transaction.message;
  const next = pool.nextNonce(from);
  if (nonce - next > limits.maxNonceGap) {
    throw new TransactionError("NONCE_GAP_TOO_LARGE", `nonce ${nonce} is too far ahead, the next is ${next}`);
  }
  if ((pool.queue(from)?.size ?? 0) >= limits.maxPerAccount) {
    throw new TransactionError(
      "ACCOUNT_LIMIT",
      `${limits.maxPerAccount} transactions of this account are waiting; send more when they are in blocks`,
    );
  }
}

export function refuse(
  code: TransactionError["code"],
  detail: string,
  record?: TransactionRecord,
): AddOutcome {
  return { accepted: false, code, detail, ...(record && { record }) };
}

/** @throws `error` if it is no `TransactionError` */
export function refusal(error: unknown, record?: TransactionRecord): AddOutcome {
  if (!(error instanceof TransactionError)) throw error;
  return refuse(error.code, error.message, record);
}
