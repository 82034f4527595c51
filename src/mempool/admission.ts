import { isAddress } from "../crypto/address.ts";
import { isExpired } from "../state/execute.ts";
import type { TransactionErrorCode } from "../types/errors.ts";
import { isSafeCount, maxAmount, maxTransactionBytes, type TransactionRecord } from "../types/index.ts";
import type { ChainParameters } from "../types/parameters.ts";
import type { AccountQueue } from "./account-queue.ts";
import { type FeeFloor, feeAt } from "./fee-floor.ts";
import type { MempoolLimits } from "./limits.ts";
import type { Pool } from "./pool.ts";
import type { PoolEntry } from "./pool-entry.ts";
import type { AccountLookup, Refusal } from "./types.ts";

/** The rules and the state that a transaction is checked against. */
export interface AdmissionRules {
  pool: Pool;
  /** Looks up accounts in the head's state. */
  account: AccountLookup;
  /** The height of the head. */
  height(): number;
  limits: MempoolLimits;
  config: Pick<ChainParameters, "minFee">;
  floor: FeeFloor;
}

/** Makes the cheap checks, before that of the signature, so that most refusals cost little. */
export function refuseCheaply(record: TransactionRecord, rules: AdmissionRules): Refusal | undefined {
  const account = rules.account(record.transaction.message.from);
  return refuseAtGlance(record, account, rules.pool.waiting(record), rules);
}

/**
 * The reason for which the pool, as it is now, refuses a transaction with a valid signature. `queue` is its sender's.
 */
export function refuseAdmission(
  record: TransactionRecord,
  queue: AccountQueue<PoolEntry> | undefined,
  rules: AdmissionRules,
): Refusal | undefined {
  const { from, nonce } = record.transaction.message;
  const known = rules.account(from);
  const account = known ?? noAccount;
  const replaced = queue?.get(nonce);
  const refusal =
    refuseAtGlance(record, known, replaced, rules) ??
    (replaced
      ? refuseReplacement(record, replaced, rules)
      : refuseRoom(record, queue?.nextNonce(account.nonce) ?? account.nonce, queue?.size ?? 0, rules));
  if (refusal) return refusal;
  const waitingCost = (queue?.costFrom(account.nonce) ?? 0n) - (replaced?.cost ?? 0n);
  return refuseBalance(record, waitingCost, account.balance);
}

/** The least fee with which any transfer is accepted now. */
export function leastFee(rules: AdmissionRules): bigint {
  return rules.floor.least(fillWith(1, maxTransactionBytes, rules), rules.config.minFee);
}

/** True if no block after the head can include a transaction that was once admitted, whatever its sender does. */
export function isOver(entry: PoolEntry, rules: AdmissionRules): boolean {
  return isExpired(entry, rules.height() + 1) || entry.fee < rules.config.minFee;
}

/**
 * True if a transaction that waits for a missing nonce, and is already counted among those, pays the price of such a
 * place.
 */
export function paysAhead({ fee }: PoolEntry, { pool, limits, config }: AdmissionRules): boolean {
  const taken = pool.aheadCount;
  return taken <= limits.maxAhead && fee >= feeAt(taken / limits.maxAhead, config.minFee);
}

/** The fill of the pool after adding so many transactions and bytes. */
export function fillWith(count: number, bytes: number, { pool, limits }: AdmissionRules): number {
  return Math.max((pool.count + count) / limits.maxCount, (pool.bytes + bytes) / limits.maxBytes);
}

function refuseAtGlance(
  record: TransactionRecord,
  account: Account | undefined,
  replaced: PoolEntry | undefined,
  rules: AdmissionRules,
): Refusal | undefined {
  const { pool, config } = rules;
  const { message } = record.transaction;
  const { nonce, fee, amount, validUntil } = message;
  if (!isSafeCount(nonce) || !isSafeCount(nonce + 1)) {
    return refuse(record, "MALFORMED", "the nonce is above 2^53 - 2");
  }
  if (!isSafeCount(validUntil)) return refuse(record, "MALFORMED", "the last height is above 2^53 - 1");
  if (amount + fee > maxAmount) {
    return refuse(record, "OVERFLOW", "amount and fee together are above 2^64 - 1");
  }
  if (pool.get(record.idHex)) {
    return refuse(record, "ALREADY_KNOWN", "this transaction is already waiting");
  }
  const height = rules.height();
  if (isExpired(message, height + 1)) {
    return refuse(record, "EXPIRED", `it was valid until block ${validUntil}, the head is block ${height}`);
  }
  if (fee < config.minFee) {
    const detail = `the fee is ${fee}, this chain asks for at least ${config.minFee}`;
    return { ...refuse(record, "FEE_TOO_LOW", detail), minFee: leastFee(rules) };
  }
  // This also applies to transfers that cost nothing: no block includes them, so they would wait forever.
  if (!account) {
    return refuse(record, "INSUFFICIENT_BALANCE", "the balance is 0: the sender has received nothing yet");
  }
  if (nonce < account.nonce) {
    return refuse(
      record,
      "NONCE_TOO_LOW",
      `nonce ${nonce} is used, the next is ${pool.nextNonce(message.from)}`,
    );
  }
  return refusePrice(record, replaced, rules) ?? refuseBalance(record, 0n, account.balance);
}

/** The fuller the pool, the more a place costs. A replacement has one already and pays for its additional length. */
function refusePrice(
  record: TransactionRecord,
  replaced: PoolEntry | undefined,
  rules: AdmissionRules,
): Refusal | undefined {
  const { pool, limits, floor, config } = rules;
  const { fee } = record.transaction.message;
  const bytes = record.bytes - (replaced?.bytes ?? 0);
  if (replaced && bytes <= 0) return undefined;
  const fill = fillWith(replaced ? 0 : 1, bytes, rules);
  const least = floor.least(fill, config.minFee);
  if (fee >= least && fill <= 1) return undefined;
  const detail = `${pool.count} of ${limits.maxCount} places are taken: pay at least ${least}, or try again after the next blocks; the fee is ${fee}`;
  return { ...refuse(record, "MEMPOOL_FULL", detail), minFee: least };
}

type Account = NonNullable<ReturnType<AccountLookup>>;

const noAccount: Account = { balance: 0n, nonce: 0 };

function refuseBalance(record: TransactionRecord, waitingCost: bigint, balance: bigint): Refusal | undefined {
  const { amount, fee } = record.transaction.message;
  const cost = amount + fee;
  if (waitingCost + cost <= balance) return undefined;
  const waiting = waitingCost > 0n ? ` beside ${waitingCost} of waiting transactions` : "";
  return refuse(
    record,
    "INSUFFICIENT_BALANCE",
    `amount and fee are ${cost}${waiting}, the balance is ${balance}`,
  );
}

function refuseReplacement(
  record: TransactionRecord,
  replaced: PoolEntry,
  { limits }: AdmissionRules,
): Refusal | undefined {
  const { fee, nonce } = record.transaction.message;
  const old = replaced.fee;
  const raised = (old * BigInt(100 + limits.replacementPercent) + 99n) / 100n;
  const least = raised > old ? raised : old + 1n;
  if (fee >= least) return undefined;
  const detail = `nonce ${nonce} is waiting with fee ${old}; to replace it pay at least ${least}`;
  return { ...refuse(record, "FEE_TOO_LOW", detail), minFee: least };
}

function refuseRoom(
  record: TransactionRecord,
  next: number,
  waiting: number,
  { pool, limits, config }: AdmissionRules,
): Refusal | undefined {
  const { nonce, fee } = record.transaction.message;
  if (nonce - next > limits.maxNonceGap) {
    return refuse(record, "NONCE_GAP_TOO_LARGE", `nonce ${nonce} is too far ahead, the next is ${next}`);
  }
  if (waiting >= limits.maxPerAccount) {
    const detail = `${limits.maxPerAccount} transactions of this account are waiting; send more when they are in blocks`;
    return refuse(record, "ACCOUNT_LIMIT", detail);
  }
  if (nonce === next) return undefined;
  const taken = pool.aheadCount + 1;
  const least = feeAt(taken / limits.maxAhead, config.minFee);
  if (fee >= least && taken <= limits.maxAhead) return undefined;
  const detail = `nonce ${next} is missing, and ${pool.aheadCount} transactions already wait for missing ones: send it first, or pay at least ${least}`;
  return { ...refuse(record, "MEMPOOL_FULL", detail), minFee: least };
}

/** The refusal of a transaction whose signature or addresses are invalid. */
export function refuseUnsigned(record: TransactionRecord): Refusal {
  const { from, to } = record.transaction.message;
  const field = !isAddress(from) ? "from" : isAddress(to) ? undefined : "to";
  if (field) return refuse(record, "INVALID_ADDRESS", `no key belongs to the address in \`${field}\``);
  return refuse(record, "INVALID_SIGNATURE", "the signature does not match");
}

function refuse(record: TransactionRecord, code: TransactionErrorCode, detail: string): Refusal {
  return { accepted: false, record, code, detail };
}
