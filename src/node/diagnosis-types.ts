import type { DiagnosisBody, FindingBody } from "../api/index.ts";
import type { NonceGap } from "../mempool/types.ts";
import type { NetworkPlaces } from "../network/types.ts";
import type { UnreachedAddress } from "../network/unreached.ts";
import type { ChainSnapshot } from "../types/index.ts";
import type { Hex } from "../util/bytes.ts";

export type Diagnosis = DiagnosisBody;
export type Finding = FindingBody;

/** The input of a diagnosis: plain values, gathered by `DiagnosisInputs`. Times are in ms since the Unix epoch. */
export interface DiagnosisInput {
  nowMs: number;
  mode: string;
  own: OwnInput;
  peers: readonly PeerInput[];
  hasGenesis: boolean;
  /** The id of the only genesis block that the node may adopt. */
  genesisPin: string | undefined;
  /** `undefined` if there is no genesis block yet, or its chain is still being loaded. */
  chain: ChainInput | undefined;
  /** A download under way, by heights. */
  sync: { height: number; targetHeight: number; remainingMs?: number | undefined } | undefined;
  /** A heavier chain that a majority must have signed, by headers that were checked; its blocks are not here. */
  shown: ShownInput | undefined;
  /** The database's last error. */
  writeFailure: string | undefined;
  freeDiskBytes: number | undefined;
  /** Addresses that a person gave and that are not reached. */
  unreached: readonly UnreachedAddress[];
  /** This node's chain, or the one that it looks for; its name is not known then. */
  ownChain: { genesisId: string; name: string | undefined } | undefined;
  places: NetworkPlaces;
  mainThread: MainThreadInput;
}

/** The recent work of the main thread. */
export interface MainThreadInput {
  /** The share, from 0 to 1; 0 until there is a measurement. */
  utilization: number;
  /** The time by which a timer was late, at most. */
  delayMs: number;
  /** The time that both were measured over. */
  overMs: number;
}

interface OwnInput {
  address: Uint8Array;
  /** False if the node was started with --no-mine. */
  mines: boolean;
  signingLock: SigningLock | undefined;
}

/** The signatures that slashing protection refuses for now, and the reason. */
export interface SigningLock {
  headers: boolean;
  votes: boolean;
  reason: string;
  /** True if the process has to end before the account signs again. */
  isFinal: boolean;
}

/**
 * A connected peer. Unknown values are undefined. What it says of its head is not among them: it is not checked, and a
 * diagnosis follows from what was.
 */
export interface PeerInput {
  id: string;
  /** The address that the peer counts for; ids cost nothing. */
  host: string;
  /** True for a peer of this node's own choice. */
  chosen: boolean;
  /** The multiaddr of the connection. */
  address: string;
  connectedAtMs: number;
  /** False if the peer's digest names other recoveries than this node's. */
  isFollowed: boolean | undefined;
  /** The peer's clock minus this node's, off by at most half of the round trip. */
  clockOffsetMs: number | undefined;
  roundTripMs: number | undefined;
}

export interface ChainInput {
  head: { height: number; id: Hex; timestampMs: number };
  /** Checked blocks that are not below the head, and not the head. */
  rivals: readonly { height: number; id: Hex }[];
  /** The time since which the head has stood and the node has been in step. */
  sinceMs: number;
  /** The snapshot after the head. */
  snapshot: ChainSnapshot;
  periodMs: number;
  /** The newest version of the rules that this program knows. */
  knownRules: number;
  /** 0 means no empty blocks. */
  emptyBlockPeriodMs: number;
  /** The time since which a transaction has waited that a block could include. */
  wantedSinceMs: number | undefined;
  /** Transactions that no block can include before others of their accounts. */
  nonceGap: NonceGap | undefined;
  /** The activity of each authority by address. */
  activity: ReadonlyMap<Hex, ActivityInput>;
  finality: FinalityInput | undefined;
  /** Blocks that certificates show to be final elsewhere. */
  conflicts: readonly ConflictInput[];
  recovery: RecoveryInput;
}

interface ConflictInput {
  height: number;
  own: Hex;
  otherHeight: number;
  other: Hex;
}

export interface ShownInput {
  /** The peer that showed it. */
  peer: string;
  height: number;
}

/** The times at which an authority was last seen at work. */
export interface ActivityInput {
  lastHeight: number | undefined;
  /** The timestamp of that block. */
  lastBlockMs: number | undefined;
  /** The time at which its last finality vote arrived. */
  lastVoteMs: number | undefined;
  /** The height at which it joined the set, if that is known. */
  sinceHeight: number;
}

export interface FinalityInput {
  finalized: { round: number; height: number };
  /** The round that this node votes in. */
  round: number;
  /** The authorities whose vote of this round was heard, including this node's own. */
  voters: readonly Uint8Array[];
  /** The authorities that vote. */
  authorities: readonly Uint8Array[];
  /** The number of votes that justify a block. */
  quorum: number;
  /** The time since which there has been a block to finalize and none has been finalized. */
  waitingSinceMs: number | undefined;
}

/** The recoveries of this node and of its peers. */
export interface RecoveryInput {
  /** The block of a recovery that this node was given, while it has not arrived. */
  awaited: { id: string; height: number; block: string } | undefined;
  /** Recoveries that peers claim to have been given; those that are claimed at the most addresses first. */
  unknown: readonly { id: string; height: number; authorities: number; addresses: number }[];
  /** The number of addresses whose peers were not given this node's newest recovery. */
  without: number;
}
