import { CodedError } from "../util/errors.ts";

/** Why a transaction is not admitted to a pool or a block. */
export type TransactionErrorCode =
  | "INVALID_SIGNATURE"
  /** `from` or `to` is no point that an account may have. */
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

/** Why a block is not imported. The stages that find them are numbered in docs/consensus.md. */
export type BlockErrorCode =
  | "MALFORMED"
  | "WRONG_TRANSACTIONS_ROOT"
  | "TOO_MANY_TRANSACTIONS"
  | "TOO_LARGE"
  | "UNKNOWN_PARENT"
  | "BELOW_FINALIZED"
  /** There are too many blocks of its proposer beside the canonical chain: not a fault of the block, nor a rule of the chain. */
  | "TOO_MANY_SIDE_BLOCKS"
  | "WRONG_HEIGHT"
  /** The timestamp is less than one period after the parent's. */
  | "TOO_EARLY"
  /** The timestamp is ahead of the local clock: not a fault, the block is tried again when its time has come. */
  | "FUTURE_BLOCK"
  | "NOT_AN_AUTHORITY"
  | "SIGNED_RECENTLY"
  | "WRONG_DIFFICULTY"
  | "INVALID_VOTE"
  | "INVALID_HEADER_SIGNATURE"
  | "INVALID_TRANSACTION_SIGNATURE"
  | "INVALID_TRANSACTION"
  /** The proposer's balance cannot hold its fees and reward. */
  | "REWARD_OVERFLOW"
  | "WRONG_STATE_ROOT"
  | "INVALID_ANCESTOR"
  | "KNOWN_INVALID"
  /** It is made by a version of the rules that this program does not know: nothing can be said of the block. */
  | "UNKNOWN_RULES";

/** The transaction of a block that an error is about, if it is about one. */
export interface BlockErrorDetail extends ErrorOptions {
  transactionIndex?: number;
  transactionCode?: TransactionErrorCode;
}

export class BlockError extends CodedError<BlockErrorCode> {
  readonly transactionIndex: number | undefined;
  readonly transactionCode: TransactionErrorCode | undefined;

  constructor(code: BlockErrorCode, message: string, detail: BlockErrorDetail = {}) {
    super(code, message, detail);
    this.transactionIndex = detail.transactionIndex;
    this.transactionCode = detail.transactionCode;
  }
}
