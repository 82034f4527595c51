import type { Address } from "./address.ts";
import type { Hex } from "./bytes.ts";

/** A node's answers (docs/http.md). Amounts are decimal strings of base units, times ms since the Unix epoch. */
export type Amount = string;

export interface BlockRef {
  height: number;
  id: Hex;
}

export type Mode = "genesis" | "boot" | "ready" | "dying" | "dead";

/** `genesisId`, `name`, `periodMs`, `parameters`, `head` and `finalized` are null before a genesis block is known. */
export interface Status {
  version: string;
  nodeId: number;
  peerId: string;
  address: Address;
  mode: Mode;
  /** By the node's clock. */
  time: number;
  genesisId: Hex | null;
  name: string | null;
  periodMs: number | null;
  /** Those after the head. */
  parameters: ChainParameters | null;
  /** The newest version of the rules that the node's program knows: it stops at a head whose `parameters.rules` is above. */
  knownRules: number;
  head: (BlockRef & { timestamp: number }) | null;
  finalized: BlockRef | null;
  /** Recoveries by which people have replaced a lost majority of authorities, oldest first. `reached`: the node has the block. */
  recoveries: { id: Hex; block: BlockRef; authorities: number; reached: boolean }[];
  peers: number;
  /** `minFee`: the least fee with which a transfer finds room now; null without a chain. */
  mempool: { count: number; bytes: number; minFee: Amount | null };
  sync: {
    startHeight: number;
    height: number;
    targetHeight: number;
    blocksPerSecond: number;
    remainingMs: number | null;
  } | null;
}

/** All that a recovery file says. `id` covers the rest, and those before it. */
export interface Recoveries {
  genesisId: Hex;
  /** Oldest first. */
  recoveries: { id: Hex; block: BlockRef; round: number; authorities: Address[] }[];
}

export interface Header {
  id: Hex;
  height: number;
  parent: Hex;
  timestamp: number;
  proposer: Address;
  difficulty: number;
  vote: Vote | null;
  transactionsRoot: Hex;
  stateRoot: Hex;
  signature: Hex;
}

/** `totalDifficulty`: from the block after genesis to this one. */
export interface BlockHeader extends Header {
  totalDifficulty: number;
}

export interface BlockSummary extends BlockHeader {
  transactionCount: number;
  /** Size of the encoded transactions. */
  bytes: number;
  finalized: boolean;
}

/** A block that is not canonical; `retracted`: it was, before a reorganization. */
export interface SideBlock extends Omit<BlockSummary, "finalized"> {
  retracted: boolean;
}

export interface Block extends BlockHeader {
  transactions: Transaction[];
  /** False on a side branch. */
  canonical: boolean;
  finalized: boolean;
  /** Present in the block at height 0. */
  genesis?: Genesis;
}

/** The rules of a chain that its authorities can change by vote. Times are in ms. */
export interface ChainParameters {
  periodMs: number;
  emptyBlockPeriodMs: number;
  maxBlockTransactions: number;
  maxBlockBytes: number;
  blockReward: Amount;
  minFee: Amount;
  /** Version of the rules. */
  rules: number;
}

/** The configuration of a chain, its first parameters, and the first 1,000 of its first balances. */
export interface Genesis extends ChainParameters {
  name: string;
  /** The unit, for display: one is 10^decimals base units. */
  symbol: string;
  decimals: number;
  slotMs: number;
  epochLength: number;
  authorities: Address[];
  names: { address: Address; name: string }[];
  balanceCount: number;
  balances: { address: Address; balance: Amount }[];
}

/** A signed transfer as it is sent. */
export interface SignedTransfer {
  from: Address;
  to: Address;
  amount: Amount;
  fee: Amount;
  nonce: number;
  /** The last height whose block may hold it; 0 for no limit. */
  validUntil: number;
  memo: string;
  signature: Hex;
}

/** A memo that is not UTF-8 is in `memoHex` instead. */
export interface Transaction extends Omit<SignedTransfer, "memo"> {
  id: Hex;
  memo?: string;
  memoHex?: Hex;
}

/** `block` and `index`, the place in it, are null while it waits. */
export interface PlacedTransaction extends Transaction {
  status: "pending" | "included" | "finalized";
  block: (BlockRef & { timestamp: number }) | null;
  index: number | null;
}

/** `index`: of the rejected one in the list that was sent. */
export interface SubmitResult {
  accepted: Hex[];
  /** `minFee`: the fee that gets in, where that is what is wrong. */
  rejected: { index: number; code: string; detail: string; minFee?: Amount }[];
}

/** `nonce` after the head; `pendingNonce` counts the waiting transactions too. */
export interface Account {
  address: Address;
  balance: Amount;
  nonce: number;
  pendingNonce: number;
}

export interface Authority {
  address: Address;
  turn: number;
  inTurn: boolean;
  maySign: boolean;
  /** Turns among the counted blocks, without those that the recent-signer rule kept it from. */
  turns: number;
  missedTurns: number;
  /** The newest of its own among them. */
  lastBlock: { height: number; timestamp: number } | null;
  /** When its last finality vote came, since the node's start. */
  lastVoteAt: number | null;
}

export interface Authorities {
  head: BlockRef;
  nextHeight: number;
  /** Turns are counted from this height on. */
  countedFrom: number;
  authorities: Authority[];
  recentSigners: { height: number; proposer: Address }[];
  openVotes: (Vote & { voter: Address; height: number })[];
  proposals: Proposal[];
  evidence: Evidence[];
}

/** A vote in a header: on an authority, or on the value of a parameter. */
export type Vote =
  | { kind: "add" | "remove"; candidate: Address }
  | { kind: "set"; parameter: keyof ChainParameters; value: Amount };

/** A change that a node's operator asks for; `needed` open `votes` enact it. */
export type Proposal = Vote & {
  proposedAt: number;
  votes: number;
  needed: number;
  enacted: boolean;
};

export interface ProposalResult {
  proposal: Proposal;
  warnings: { code: string; detail: string }[];
}

/** Contradicting signatures of one authority. */
export interface Evidence {
  id: Hex;
  offender: Address;
  offence: "header" | "doubleVote" | "surround";
  slot?: number;
  round?: number;
  /** Two ids of blocks, or roots of votes. */
  conflicting: Hex[];
  receivedAt: number;
  proposal: { candidate: Address; kind: "remove" };
}

/** A block in a voting round. */
export interface Checkpoint extends BlockRef {
  round: number;
}

export interface Link {
  source: Checkpoint;
  target: Checkpoint;
}

/** A link signed by more than two thirds of the authorities of its target's state; `signatures` are in the order of `voters`. */
export interface Certificate extends Link {
  voters: Address[];
  signatures: Hex[];
}

/** A certificate, its target's header and own authorities, and the branch from the root of their list to the header's `stateRoot`. */
export interface ProvedCertificate extends Certificate {
  header: Header;
  authorities: Address[];
  branch: Hex[];
  /** The recovery that the target's state is under; zeros for none. */
  recovery: Hex;
  /** With `recovery`, the two leaves under the last node of `branch`. */
  parametersRoot: Hex;
}

/** Proof that a block is final: headers from the one after it to the finalized checkpoint, and the votes for that. */
export interface FinalityEvidence {
  headers: Header[];
  justification: ProvedCertificate;
  finalization: ProvedCertificate;
}

/** Proof of an account's contents after `block`; `branch` leads from it to the header's `stateRoot`. */
export interface AccountProof {
  block: Header;
  account: { address: Address; balance: Amount; nonce: number };
  /** Place in the account list. */
  index: number;
  branch: Hex[];
  /** Null where the block is not final, or the node has no certificate near. */
  finality: FinalityEvidence | null;
}

/** Proof that `block` holds a transaction; `branch` leads from its id to the header's `transactionsRoot`. */
export interface TransactionProof {
  block: Header;
  transaction: Transaction;
  /** Place in the block. */
  index: number;
  branch: Hex[];
  /** As in `AccountProof`. */
  finality: FinalityEvidence | null;
}

export interface Finality {
  justified: Checkpoint;
  finalized: Checkpoint;
  /** Missing while the genesis block is the finalized one. */
  proof?: { justification: Certificate | null; finalization: Certificate; ssz: Hex };
  votes: { round: number; quorum: number; heard: (Link & { voter: Address })[] };
}

export interface Peer {
  id: string;
  /** Multiaddr. */
  address: string;
  direction: "inbound" | "outbound";
  score: number;
  connectedAt: number;
  height: number | null;
  /** The version of the rules after its head, and the newest that its program knows, as it says. */
  rules: number | null;
  knownRules: number | null;
  /** False where it has gone through other recoveries than the node. */
  followed: boolean;
  /** Its clock minus the node's, and how long it took to answer, in ms. */
  clockOffset: number | null;
  latency: number | null;
}

export interface Diagnosis {
  state: "ok" | "waiting" | "halted" | "syncing" | "no-genesis";
  summary: string;
  findings: { code: string; detail: string; remedy: string }[];
}
