import type { Address } from "./address.ts";
import type { Hex } from "./bytes.ts";

/** An amount in base units as a decimal string. Times in answers (docs/http.md) are ms since the Unix epoch. */
export type Amount = string;

export interface BlockRef {
  height: number;
  id: Hex;
}

export type Mode = "genesis" | "boot" | "ready" | "dying" | "dead";

/** `genesisId` to `parameters`, `head` and `finalized` are null before a genesis block is known. */
export interface Status {
  version: string;
  nodeId: number;
  peerId: string;
  address: Address;
  mode: Mode;
  /** The time of the node's clock. */
  time: number;
  genesisId: Hex | null;
  name: string | null;
  /** The unit, for display: one is 10^decimals base units. */
  symbol: string | null;
  decimals: number | null;
  periodMs: number | null;
  /** The parameters after the head. */
  parameters: ChainParameters | null;
  /** The newest rules that the program knows. The node stops at a head whose `parameters.rules` is higher. */
  knownRules: number;
  head: (BlockRef & { timestamp: number }) | null;
  finalized: BlockRef | null;
  /** Recoveries by which people replaced authorities or parameters, oldest first; `reached`: the node has the block. */
  recoveries: { id: Hex; block: BlockRef; authorities: number; reached: boolean }[];
  peers: number;
  /** `minFee` is the least fee with which a transfer finds room now; null without a chain. */
  mempool: { count: number; bytes: number; minFee: Amount | null };
  sync: {
    startHeight: number;
    height: number;
    targetHeight: number;
    blocksPerSecond: number;
    remainingMs: number | null;
  } | null;
}

/** The contents of a recovery file. Each `id` covers its recovery and all recoveries before it. */
export interface Recoveries {
  genesisId: Hex;
  /** The recoveries, oldest first. */
  recoveries: {
    id: Hex;
    block: BlockRef;
    round: number;
    authorities: Address[];
    /** The parameters by which the block after the recovery's is made. */
    parameters: ChainParameters;
  }[];
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

/** A header with the sum of the difficulties from the block after genesis to this one. */
export interface BlockHeader extends Header {
  totalDifficulty: number;
}

export interface BlockSummary extends BlockHeader {
  transactionCount: number;
  /** The size of the encoded transactions. */
  bytes: number;
  finalized: boolean;
}

/** A block that is not canonical; `retracted` is true if it was canonical before a reorganization. */
export interface SideBlock extends Omit<BlockSummary, "finalized"> {
  retracted: boolean;
  /** When the node stored it on a side branch, or retracted it. */
  seenAt: number;
  /** The number of its transactions that the better branch did not hold when it was retracted. */
  returned: number;
}

/**
 * A transaction of a block that is not canonical, and where it is now: `replaced` if another one took its nonce,
 * `expired` if its last height has passed, `dropped` if the node does not hold it any more.
 */
export interface TransactionFate extends Omit<PlacedTransaction, "status"> {
  status: PlacedTransaction["status"] | "replaced" | "expired" | "dropped";
}

/** A block that is not canonical, and its first 100 transactions. */
export interface Fork extends SideBlock {
  transactions: TransactionFate[];
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
  /** The version of the rules. */
  rules: number;
}

/** The configuration of a chain, its first parameters, and the first 1,000 of its first balances. */
export interface Genesis extends ChainParameters {
  name: string;
  /** The symbol of the unit that amounts are displayed in; one unit is 10^decimals base units. */
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

/** `block` and `index`, the place in the block, are null while the transaction waits. */
export interface PlacedTransaction extends Transaction {
  status: "pending" | "included" | "finalized";
  block: (BlockRef & { timestamp: number }) | null;
  index: number | null;
}

/** A transaction and its direction for an account, `self` from and to itself. `balance` is the account's after it. */
export interface HistoryEntry extends PlacedTransaction {
  direction: "in" | "out" | "self";
  balance: Amount;
}

/** Picks the transactions for which all of it holds. Times are ms since the Unix epoch; all bounds are inclusive. */
export interface HistoryFilter {
  fromHeight?: number | undefined;
  toHeight?: number | undefined;
  fromTime?: number | undefined;
  toTime?: number | undefined;
  direction?: HistoryEntry["direction"] | undefined;
  /** The other account. */
  counterparty?: Address | undefined;
  /** A part of the memo, in letters of any case. */
  memo?: string | undefined;
  minAmount?: Amount | bigint | undefined;
  maxAmount?: Amount | bigint | undefined;
}

/** Newest first. `next` is the `before` of the page of older transactions, `previous` the `after` of the newer ones. */
export interface History {
  transactions: HistoryEntry[];
  /** The sums over `transactions`: what came from others, what went to others, and all fees that the account paid. */
  totals: { received: Amount; sent: Amount; fees: Amount };
  next: string | null;
  previous: string | null;
}

/** `index` is the place of the rejected transaction in the list that was sent. */
export interface SubmitResult {
  accepted: Hex[];
  /** `minFee` is the fee that would be accepted, if the fee was too low. */
  rejected: { index: number; code: string; detail: string; minFee?: Amount }[];
}

/** `nonce` is the account's after the head; `pendingNonce` also counts the waiting transactions. */
export interface Account {
  address: Address;
  balance: Amount;
  nonce: number;
  pendingNonce: number;
  /** The name that genesis gives to the address. */
  name?: string;
}

/** The balance of an account after an earlier block. */
export interface PastAccount {
  address: Address;
  balance: Amount;
  block: BlockRef & { timestamp: number };
  /** The name that genesis gives to the address. */
  name?: string;
}

export interface Authority {
  address: Address;
  turn: number;
  inTurn: boolean;
  maySign: boolean;
  /** The counted blocks that were expected from it: in turn, or as the next that might sign. */
  turns: number;
  missedTurns: number;
  /** Its newest block among the counted ones. */
  lastBlock: { height: number; timestamp: number } | null;
  /** When its last finality vote arrived; null if none has since the node's start. */
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

/** A vote in a header, either on an authority or on the value of a parameter. */
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
  /** The ids of the two blocks, or the roots of the two votes. */
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

/** A link that more than two thirds of the authorities of its target's state signed, in the order of `voters`. */
export interface Certificate extends Link {
  voters: Address[];
  signatures: Hex[];
}

/** A certificate, its target's header and authorities, and the branch from their root to the header's `stateRoot`. */
export interface ProvedCertificate extends Certificate {
  header: Header;
  authorities: Address[];
  branch: Hex[];
  /** The id of the recovery that the target's state is under; zeros for none. */
  recovery: Hex;
  /** The root of the parameters; with `recovery` it forms the pair whose hash is the last node of `branch`. */
  parametersRoot: Hex;
}

/** Proof that a block is final: the headers from the next one to the finalized checkpoint, and the votes for that. */
export interface ProvedFinality {
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
  /** Null if the block is not final, or if the node has no certificate near it. */
  finality: ProvedFinality | null;
}

/** Proof of the parameters after `block`; `branch` leads from them to the header's `stateRoot`. */
export interface ParametersProof {
  block: Header;
  parameters: ChainParameters;
  branch: Hex[];
  /** The same as in `AccountProof`. */
  finality: ProvedFinality | null;
}

/** Proof that `block` holds a transaction; `branch` leads from its id to the header's `transactionsRoot`. */
export interface TransactionProof {
  block: Header;
  transaction: Transaction;
  /** Place in the block. */
  index: number;
  branch: Hex[];
  /** Null if the block is not final, or if the node has no certificate near it. */
  finality: ProvedFinality | null;
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
  /** The peer's multiaddr. */
  address: string;
  direction: "inbound" | "outbound";
  score: number;
  connectedAt: number;
  /** The authority whose node the peer has shown to be, if it says so. */
  authority: Address | null;
  height: number | null;
  /** The rules after the peer's head, and the newest ones that its program knows, as the peer claims. */
  rules: number | null;
  knownRules: number | null;
  /** False if the peer has gone through other recoveries than the node. */
  followed: boolean;
  /** The peer's clock minus the node's, and the peer's response time, in ms. */
  clockOffset: number | null;
  latency: number | null;
}

export interface Diagnosis {
  state: "ok" | "waiting" | "halted" | "syncing" | "no-genesis";
  summary: string;
  findings: { code: string; detail: string; remedy: string }[];
  /** The authorities that the next block waits for, while it is late. */
  halt?: Halt;
}

/** The authorities that a late block waits for, at most 16 addresses of each kind. */
export interface Halt {
  /** The number of all authorities. */
  authorities: number;
  /** The number of authorities that have not signed although they may, or send no votes. */
  silentCount: number;
  /** Silent authorities. */
  silent: Address[];
  /** Silent authorities that may sign the next block. */
  awaited: Address[];
  /** The number of awaited authorities that keep the chain going. */
  needed: number;
  /** True if the node's own account may sign the next block and has not. */
  own: boolean;
}

/** An authority's turns among the newest blocks, by height, newest first; another made the block of a `missed` one. */
export interface Turns {
  address: Address;
  made: number[];
  missed: number[];
}

/** Figures of the canonical blocks whose timestamps are in one hour. */
export interface Hour {
  /** The hour's beginning. */
  start: number;
  /** The lowest of its blocks. */
  fromHeight: number;
  blocks: number;
  transactions: number;
  /** The timestamps of the block before them, and of the last of them. */
  since: number;
  until: number;
  /** The longest time between one of them and its parent, in ms. */
  longest: number;
  /** Accounts and authorities at the end. */
  accounts: number;
  authorities: number;
  /** The mean time in ms until the node knew a block to be final; null if it saw none. */
  finality: number | null;
  /** Authorities that missed turns, those with the most first. */
  missed: { address: Address; turns: number }[];
}

/** A change of the authorities or of a parameter by vote. */
export interface Change {
  /** The block with the deciding vote. */
  block: BlockRef & { timestamp: number };
  vote: Vote;
  /** The authorities that voted for it, the deciding one last. */
  voters: Address[];
}
