import type { Chain } from "../chain/chain.ts";
import type { Proposals } from "../chain/proposals.ts";
import type { Mempool } from "../mempool/mempool.ts";
import type { EventLog } from "../storage/event-log.ts";
import type { Hex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import type { Logger } from "../util/logger.ts";
import type { ConsensusServices } from "./services-consensus.ts";

/** `GET /v1/status`. Before a genesis is known `genesisId`, `name`, `periodMs`, `head` and `finalized` are null. */
export interface StatusBody {
  version: string;
  nodeId: number;
  peerId: string;
  /** Of the node's account, bech32m. */
  address: string;
  mode: string;
  genesisId: Hex | null;
  name: string | null;
  periodMs: number | null;
  /** `timestamp`: ms since the Unix epoch. */
  head: { height: number; id: Hex; timestamp: number } | null;
  finalized: { height: number; id: Hex } | null;
  /** Connected ones. */
  peers: number;
  mempool: { count: number; bytes: number };
  /** Null while nothing is being downloaded. */
  sync: SyncBody | null;
}

/** A download under way, by heights. */
export interface SyncBody {
  startHeight: number;
  height: number;
  targetHeight: number;
}

/** One of `GET /v1/peers`. */
export interface PeerBody {
  id: string;
  /** Multiaddr of the connection. */
  address: string;
  direction: "inbound" | "outbound";
  score: number;
  /** ms since the Unix epoch. */
  connectedAt: number;
  /** Of its head, as it last said; null before it has. */
  height: number | null;
  /** Its clock minus ours in ms, off by half of `latency` at most; null before it has been asked. */
  clockOffset: number | null;
  /** Of the last height request and its answer, ms. */
  latency: number | null;
}

/** The chain and its mempool: there once a genesis is. */
export interface LedgerServices {
  chain: Chain;
  mempool: Mempool;
  /** The node's own. */
  proposals?: Proposals;
}

/** All that the HTTP interface needs of the node. */
export interface ApiServices extends ConsensusServices {
  status(): StatusBody;
  /** `undefined` until a genesis block is known. */
  ledger(): LedgerServices | undefined;
  peers(): PeerBody[];
  /** What `GET /v1/events` tells. */
  eventLog: Pick<EventLog, "first" | "last" | "read" | "events">;
  /** `GET /metrics`. */
  metrics?: { readonly contentType: string; text(): Promise<string> };
  clock: Clock;
  logger: Logger;
}
