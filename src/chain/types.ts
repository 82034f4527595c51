import type { BlockRef, SignedHeader, TransactionRecord } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";

/** A block that has passed every check that needs no other block (stage 1 of docs/consensus.md). */
export interface CheckedBlock {
  id: Uint8Array;
  idHex: Hex;
  header: SignedHeader;
  records: readonly TransactionRecord[];
  /** The encoded transactions. */
  body: Uint8Array;
}

/** A block and the weight of the branch that it ends. */
export interface WeightedHeader extends BlockRef {
  idHex: Hex;
  header: SignedHeader;
  /** The sum from the block after genesis to this one. */
  totalDifficulty: number;
}

/** A block that joined or left the canonical chain. */
export interface CanonicalBlock extends WeightedHeader {
  records: readonly TransactionRecord[];
}

export interface HeadChange {
  head: WeightedHeader;
  /** Newest first. */
  retracted: CanonicalBlock[];
  /** Oldest first. */
  applied: CanonicalBlock[];
}

/** A block as the database has it. */
export interface StoredBlock extends WeightedHeader {
  records: readonly TransactionRecord[];
  /** True if it is on the canonical chain. */
  canonical: boolean;
}

/** A block without its transactions. `bodyBytes` is their encoded size. */
export interface BlockSummary extends WeightedHeader {
  transactionCount: number;
  bodyBytes: number;
}

/** A transaction and its place in the canonical chain. */
export interface IncludedTransaction {
  record: TransactionRecord;
  block: WeightedHeader;
  index: number;
}

/** `total` is the time since the timer was started. */
type Stage = "check" | "execute" | "hash" | "sign" | "commit" | "total";

/** Records that a stage of the work on a block has ended. The stage began where the previous one ended. */
export type StageTimer = (stage: Stage) => void;

export type StartStageTimer = (operation: "import" | "produce") => StageTimer;

/** The result of an import: the new head, on a side branch, or known before. */
export type ImportOutcome = "head" | "side" | "known";

/** Signs headers with an authority's account, at most one per slot (docs/slashing-protection.md). */
export interface BlockSigner {
  readonly publicKey: Uint8Array;
  /** The first slot from `slot` on in which a new header may be signed. */
  freeSlotFrom(slot: number): number;
  /** `root` is the 32 bytes of `signingRoot`. @throws if signing is not safe. */
  signHeader(header: { slot: number; root: Uint8Array }): Promise<Uint8Array>;
}

/** Signs a genesis header, which nothing can contradict. */
export interface GenesisSigner {
  readonly publicKey: Uint8Array;
  sign(root: Uint8Array): Promise<Uint8Array>;
}
