import type { VoteErrorCode } from "../chain/vote-check.ts";
import type { EvidenceErrorCode } from "../consensus/index.ts";
import type { Verdict } from "../network/types.ts";
import type { BlockErrorCode, TransactionErrorCode } from "../types/errors.ts";

/**
 * A fact that every node must have had when it accepted a message of a topic.
 * - `message`: the bytes of the message.
 * - `genesis`: the genesis block of its chain.
 * - `parent`: the parent of a block, with the chain below it.
 * - `target`: the target block of a vote, with the chain below it.
 *
 * The set, the head, the clock, the pool, and what is final are not among them: they differ from node to node.
 */
export type RelayFact = "message" | "genesis" | "parent" | "target";

/**
 * For each error the fact that shows it, if nobody who had that fact could have accepted the message. Undefined: nobody
 * is blamed.
 */
type Faults<Code extends string> = Record<Code, RelayFact | undefined>;

/**
 * A relay of a block has seen its header alone, and a peer that answers with a block may have it on a side branch,
 * which nobody executes.
 */
export const blockFaults: Faults<BlockErrorCode> = {
  MALFORMED: "message",
  WRONG_TRANSACTIONS_ROOT: undefined,
  TOO_MANY_TRANSACTIONS: "parent",
  TOO_LARGE: undefined,
  UNKNOWN_PARENT: undefined,
  BELOW_FINALIZED: undefined,
  TOO_MANY_SIDE_BLOCKS: undefined,
  WRONG_HEIGHT: "parent",
  TOO_EARLY: "parent",
  FUTURE_BLOCK: undefined,
  NOT_AN_AUTHORITY: "parent",
  SIGNED_RECENTLY: "parent",
  WRONG_DIFFICULTY: "parent",
  INVALID_VOTE: "parent",
  INVALID_HEADER_SIGNATURE: "genesis",
  INVALID_TRANSACTION_SIGNATURE: undefined,
  INVALID_TRANSACTION: undefined,
  WRONG_STATE_ROOT: undefined,
  INVALID_ANCESTOR: undefined,
  KNOWN_INVALID: undefined,
  UNKNOWN_RULES: undefined,
};

/**
 * A transaction can be late or unpaid without any fault of its relays; a wrong signature or address cannot be honest.
 */
export const transactionFaults: Faults<TransactionErrorCode> = {
  INVALID_SIGNATURE: "genesis",
  INVALID_ADDRESS: "message",
  MALFORMED: "message",
  OVERFLOW: "message",
  FEE_TOO_LOW: undefined,
  EXPIRED: undefined,
  NONCE_TOO_LOW: undefined,
  NONCE_TOO_HIGH: undefined,
  NONCE_GAP_TOO_LARGE: undefined,
  INSUFFICIENT_BALANCE: undefined,
  ALREADY_KNOWN: undefined,
  MEMPOOL_FULL: undefined,
  ACCOUNT_LIMIT: undefined,
  WRONG_CHAIN: "genesis",
};

/** Only nodes that have its target block accept a vote, and so forward it. */
export const voteFaults: Faults<VoteErrorCode> = {
  NOT_A_LINK: "message",
  INVALID_SIGNATURE: "genesis",
  INVALID_VOTE: "target",
  NOT_AN_AUTHORITY: "target",
  UNKNOWN_BLOCK: undefined,
  BEFORE_RECOVERY: undefined,
  NO_QUORUM: "target",
};

/** Evidence proves itself; it does not say whether its offender is an authority. */
export const evidenceFaults: Faults<EvidenceErrorCode> = {
  MALFORMED: "message",
  NOT_CONFLICTING: "message",
  INVALID_SIGNATURE: "genesis",
};

export const blockVerdicts = verdictsOf(blockFaults);
export const transactionVerdicts = verdictsOf(transactionFaults);
export const voteVerdicts = verdictsOf(voteFaults);
export const evidenceVerdicts = verdictsOf(evidenceFaults);

function verdictsOf<Code extends string>(faults: Faults<Code>): Record<Code, Verdict> {
  const entries = Object.entries<RelayFact | undefined>(faults);
  return Object.fromEntries(entries.map(([code, fact]) => [code, fact ? "reject" : "ignore"])) as Record<
    Code,
    Verdict
  >;
}
