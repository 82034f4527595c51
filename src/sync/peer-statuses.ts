import { type ChainStatus, chainDigest, height } from "../../protocols/index.ts";
import type { Network, PeerId } from "../network/types.ts";
import { inBackground } from "../util/background.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { type Clock, sleep } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { ClaimWarnings } from "./claim-warnings.ts";
import { type ClaimedStatus, claimedStatus } from "./claimed-status.ts";
import { PollTurns } from "./poll-turns.ts";
import { requestOne } from "./request-one.ts";

/** A peer of another chain that connected to this node may ask meanwhile what this chain is called. */
const farewellMs = 1_500;

export interface PeerStatus {
  peer: PeerId;
  status: ClaimedStatus;
  /**
   * True if the peer may be asked for its chain. False if its digest says that it has gone through other recoveries
   * than this node.
   */
  isFollowed: boolean;
  /** The peer's clock minus this node's. It comes from one exchange, so it is off by at most half of its duration. */
  clockOffsetMs: number | undefined;
  roundTripMs: number | undefined;
}

export type PeerStatusEvents = {
  /** A followed peer of this node's chain, or any peer while this node has no chain, reported its status. */
  status: PeerStatus;
};

export interface PeerStatusesOptions {
  network: Network;
  clock: Clock;
  logger: Logger;
  /** The ids of the recoveries that this node was started with, oldest first. */
  recoveries(): readonly Uint8Array[];
  /** This node's own status. */
  status(): ChainStatus;
  /** The id of the only genesis block that the node may adopt. */
  genesisPin?: Uint8Array | undefined;
  /** Called before a peer of another chain is sent away that this node has dialled. */
  onOtherChain?(peer: PeerId, genesisId: Uint8Array): Promise<void>;
}

/**
 * The statuses that the connected peers claim. Peers are asked on connecting and in turns (`PollTurns`), and report in
 * their acknowledgements.
 */
export class PeerStatuses {
  readonly events: Emitter<PeerStatusEvents>;
  readonly #options: PeerStatusesOptions;
  readonly #byPeer = new Map<PeerId, PeerStatus>();
  readonly #asking = new Set<PeerId>();
  /** Peers of other chains that are about to be sent away. */
  readonly #leaving = new Set<PeerId>();
  /** Chains and digests of which a warning was logged. */
  readonly #foreign = new LruMap<Hex, true>(256);
  readonly #warnings: ClaimWarnings;
  readonly #polls: PollTurns;
  readonly #stop = new AbortController();
  #stops: (() => void)[] = [];

  constructor(options: PeerStatusesOptions) {
    this.#options = options;
    this.events = new Emitter(options.logger);
    this.#warnings = new ClaimWarnings(options);
    this.#polls = new PollTurns({
      clock: options.clock,
      peers: () => options.network.peers(),
      hostOf: (peer) => options.network.hostOf(peer),
      ask: (peer) => inBackground(this.ask(peer)),
    });
  }

  start(): void {
    const { network } = this.#options;
    network.serve(height, (_request, context) => {
      context.onAck((ack) => this.#accept(context.peer, ack, undefined));
      return this.#answer();
    });
    this.#stops = [
      network.on("connected", (peer) => this.ask(peer)),
      network.on("disconnected", (peer) => this.#byPeer.delete(peer)),
    ];
    this.#polls.start();
  }

  stop(): void {
    this.#stop.abort();
    this.#polls.stop();
    for (const stop of this.#stops) stop();
  }

  /** The statuses of the peers that are followed. */
  all(): PeerStatus[] {
    return [...this.#byPeer.values()].filter(({ isFollowed }) => isFollowed);
  }

  get(peer: PeerId): PeerStatus | undefined {
    return this.#byPeer.get(peer);
  }

  /** Deletes a claim that was wrong. */
  forget(peer: PeerId): void {
    this.#byPeer.delete(peer);
  }

  /** This node has another chain from now on: earlier statuses were not compared with it. */
  reset(): void {
    this.#byPeer.clear();
  }

  /** Asks a peer for its height, and acknowledges the answer with this node's. Never rejects. */
  async ask(peer: PeerId): Promise<void> {
    if (this.#asking.has(peer)) return;
    this.#asking.add(peer);
    const { network, clock, logger, status } = this.#options;
    const askedAtMs = clock.now();
    try {
      const answer = await requestOne(network, peer, height, { timeMs: askedAtMs }, { ack: () => status() });
      const roundTripMs = clock.now() - askedAtMs;
      this.#accept(peer, answer, {
        roundTripMs,
        clockOffsetMs: answer.timeMs - askedAtMs - Math.round(roundTripMs / 2),
      });
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer did not tell its status");
    } finally {
      this.#asking.delete(peer);
    }
  }

  async *#answer(): AsyncIterable<ChainStatus> {
    yield this.#options.status();
  }

  #accept(
    peer: PeerId,
    status: ChainStatus,
    timing: Pick<PeerStatus, "clockOffsetMs" | "roundTripMs"> | undefined,
  ): void {
    const { network } = this.#options;
    const own = this.#options.status().genesisId;
    const expected = isSet(own) ? own : this.#options.genesisPin;
    if (expected && isSet(status.genesisId) && !equalBytes(expected, status.genesisId)) {
      this.#refuse(peer, status.genesisId);
      return;
    }
    // The peer looks for a genesis block, and finds this node's.
    if (isSet(own) && !isSet(status.genesisId)) return;
    if (!network.peers().some(({ id }) => id === peer)) return;
    const previous = this.#byPeer.get(peer);
    const { clockOffsetMs, roundTripMs } = timing ?? previous ?? {};
    const claim = this.#claimOf(peer, status);
    if (!claim) return;
    const isFollowed = !isSet(own) || this.#isOfOwnLine(claim);
    const entry = { peer, status: claim, isFollowed, clockOffsetMs, roundTripMs };
    this.#byPeer.set(peer, entry);
    if (isFollowed) this.events.emit("status", entry);
    else this.#warnOfOtherLine(entry);
  }

  /**
   * True if the digest is that of the peer's version of the rules with this node's recoveries: then the peer is ahead
   * or behind on the same chain.
   */
  #isOfOwnLine({ genesisId, digest, rules }: ClaimedStatus): boolean {
    const recoveries = [...this.#options.recoveries()];
    return equalBytes(digest, chainDigest({ genesisId, recoveries, rules }));
  }

  #warnOfOtherLine({ peer, status }: PeerStatus): void {
    const digest = toHex(status.digest);
    this.#warnOnce(
      digest,
      { peer, digest, rules: status.rules },
      "by its digest, a node of this chain has gone through other recoveries than this node, which does not follow it",
    );
  }

  #warnOnce(key: Hex, fields: { peer: PeerId; [name: string]: unknown }, text: string): void {
    if (this.#foreign.has(key) || !this.#warnings.take(fields.peer)) return;
    this.#foreign.set(key, true);
    this.#options.logger.warn(fields, text);
  }

  #claimOf(peer: PeerId, status: ChainStatus): ClaimedStatus | undefined {
    try {
      return claimedStatus(status);
    } catch (error) {
      this.#byPeer.delete(peer);
      this.#options.network.penalize(peer, "invalidResponse", `a status with ${messageOf(error)}`);
      return undefined;
    }
  }

  #refuse(peer: PeerId, genesisId: Uint8Array): void {
    const genesis = toHex(genesisId);
    const text = "a node of another chain is on this network; this node does not connect to it";
    this.#warnOnce(genesis, { peer, genesis }, text);
    this.#byPeer.delete(peer);
    if (!this.#leaving.has(peer)) inBackground(this.#sendAway(peer, genesisId));
  }

  async #sendAway(peer: PeerId, genesisId: Uint8Array): Promise<void> {
    const { network, clock, onOtherChain } = this.#options;
    this.#leaving.add(peer);
    const isCaller = network.peers().some(({ id, direction }) => id === peer && direction === "inbound");
    await (isCaller ? sleep(clock, farewellMs, this.#stop.signal) : onOtherChain?.(peer, genesisId));
    this.#leaving.delete(peer);
    if (this.#stop.signal.aborted) return;
    network.penalize(peer, "wrongGenesis", toHex(genesisId));
  }
}

function isSet(id: Uint8Array): boolean {
  return id.some((byte) => byte !== 0);
}
