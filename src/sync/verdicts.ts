import type { Verdict } from "../../protocols/index.ts";
import type { BlockErrorCode, TransactionErrorCode } from "../types/errors.ts";

/** What a gossiped block's error says of it: `reject` only where nobody honest could have sent it on. */
export const blockVerdicts: Record<BlockErrorCode, Verdict> = {
  MALFORMED: "reject",
  WRONG_TRANSACTIONS_ROOT: "reject",
  TOO_MANY_TRANSACTIONS: "reject",
  TOO_LARGE: "reject",
  UNKNOWN_PARENT: "ignore",
  BELOW_FINALIZED: "ignore",
  WRONG_HEIGHT: "reject",
  TOO_EARLY: "reject",
  FUTURE_BLOCK: "ignore",
  NOT_AN_AUTHORITY: "reject",
  SIGNED_RECENTLY: "reject",
  WRONG_DIFFICULTY: "reject",
  INVALID_VOTE: "reject",
  INVALID_HEADER_SIGNATURE: "reject",
  INVALID_TRANSACTION_SIGNATURE: "reject",
  INVALID_TRANSACTION: "reject",
  REWARD_OVERFLOW: "reject",
  WRONG_STATE_ROOT: "reject",
  INVALID_ANCESTOR: "reject",
  KNOWN_INVALID: "reject",
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
