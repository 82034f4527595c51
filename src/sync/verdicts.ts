import type { Verdict } from "../../protocols/index.ts";
import type { BlockErrorCode, TransactionErrorCode } from "../types/errors.ts";

/**
 * What an error says of the peer that a block came from: `reject` only where nobody honest could have sent it on. Those who pass a
 * block on have seen its header alone, and those who answer for it may have it on a side branch, which nobody executes.
 */
export const blockVerdicts: Record<BlockErrorCode, Verdict> = {
  MALFORMED: "reject",
  WRONG_TRANSACTIONS_ROOT: "ignore",
  TOO_MANY_TRANSACTIONS: "reject",
  TOO_LARGE: "ignore",
  UNKNOWN_PARENT: "ignore",
  BELOW_FINALIZED: "ignore",
  TOO_MANY_SIDE_BLOCKS: "ignore",
  WRONG_HEIGHT: "reject",
  TOO_EARLY: "reject",
  FUTURE_BLOCK: "ignore",
  NOT_AN_AUTHORITY: "reject",
  SIGNED_RECENTLY: "reject",
  WRONG_DIFFICULTY: "reject",
  INVALID_VOTE: "reject",
  INVALID_HEADER_SIGNATURE: "reject",
  INVALID_TRANSACTION_SIGNATURE: "ignore",
  INVALID_TRANSACTION: "ignore",
  REWARD_OVERFLOW: "ignore",
  WRONG_STATE_ROOT: "ignore",
  INVALID_ANCESTOR: "ignore",
  KNOWN_INVALID: "ignore",
};

/** A transaction can be late or poor by no fault of those who pass it on; a wrong signature cannot be honest. */
export const transactionVerdicts: Record<TransactionErrorCode, Verdict> = {
  INVALID_SIGNATURE: "reject",
  MALFORMED: "reject",
  OVERFLOW: "reject",
  FEE_TOO_LOW: "ignore",
  NONCE_TOO_LOW: "ignore",
  NONCE_TOO_HIGH: "ignore",
  NONCE_GAP_TOO_LARGE: "ignore",
  INSUFFICIENT_BALANCE: "ignore",
  ALREADY_KNOWN: "ignore",
  MEMPOOL_FULL: "ignore",
  ACCOUNT_LIMIT: "ignore",
  WRONG_CHAIN: "reject",
};
