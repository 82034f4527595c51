import { CodedError } from "../util/errors.ts";

/** The reasons for which a transaction is not admitted to a pool or a block. */
export type TransactionErrorCode =
  | "INVALID_SIGNATURE"
  /** `from` or `to` is not a valid address. */
  | "INVALID_ADDRESS"
  | "NONCE_TOO_LOW"
  | "NONCE_TOO_HIGH"
  | "NONCE_GAP_TOO_LARGE"
  | "INSUFFICIENT_BALANCE"
  | "FEE_TOO_LOW"
  /** The height that `validUntil` names has passed. */
  | "EXPIRED"
  | "ALREADY_KNOWN"
  | "MEMPOOL_FULL"
  | "ACCOUNT_LIMIT"
  | "WRONG_CHAIN"
  | "MALFORMED"
  | "OVERFLOW";

export class TransactionError extends CodedError<TransactionErrorCode> {}

export type SigningErrorCode = "SLASHABLE_HEADER" | "SLASHABLE_VOTE" | "SIGNING_DOUBTFUL";

/** The reason for which a header or a vote was not signed. */
export class SigningError extends CodedError<SigningErrorCode> {}

/** The reasons for which a block is not imported. docs/consensus.md numbers the stages that find them. */
export type BlockErrorCode =
  | "MALFORMED"
  | "WRONG_TRANSACTIONS_ROOT"
  | "TOO_MANY_TRANSACTIONS"
  | "TOO_LARGE"
  | "UNKNOWN_PARENT"
  | "BELOW_FINALIZED"
  /** Its proposer has too many blocks on side branches. This is no fault of the block, and no rule of the chain. */
  | "TOO_MANY_SIDE_BLOCKS"
  | "WRONG_HEIGHT"
  /** The timestamp is less than one period after the parent's. */
  | "TOO_EARLY"
  /**
   * The timestamp, with the wait of a proposer out of turn, is ahead of the local clock. This is no fault: the block is
   * tried again when its time has come.
   */
  | "FUTURE_BLOCK"
  | "NOT_AN_AUTHORITY"
  | "SIGNED_RECENTLY"
  | "WRONG_DIFFICULTY"
  | "INVALID_VOTE"
  | "INVALID_HEADER_SIGNATURE"
  | "INVALID_TRANSACTION_SIGNATURE"
  | "INVALID_TRANSACTION"
  | "WRONG_STATE_ROOT"
  | "INVALID_ANCESTOR"
  | "KNOWN_INVALID"
  /** The block follows a version of the rules that this program does not know, so nothing can be said about it. */
  | "UNKNOWN_RULES";

export interface BlockErrorDetail extends ErrorOptions {
  /** Milliseconds until the time of a `FUTURE_BLOCK` has come. */
  aheadMs?: number;
}

export class BlockError extends CodedError<BlockErrorCode> {
  readonly aheadMs: number;

  constructor(code: BlockErrorCode, message: string, detail: BlockErrorDetail = {}) {
    super(code, message, detail);
    this.aheadMs = detail.aheadMs ?? 0;
  }
}
