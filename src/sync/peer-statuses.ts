import { type ChainStatus, height, type Network, type PeerId } from "../../protocols/index.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import type { Clock } from "../util/clock.ts";
import { Emitter } from "../util/emitter.ts";
import { messageOf } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import { type ClaimedStatus, claimedStatus } from "./claimed-status.ts";
import { requestOne } from "./request-one.ts";

/** Gossip tells of new blocks at once; this finds what it lost. */
const pollIntervalMs = 5_000;

export interface PeerStatus {
  peer: PeerId;
  status: ClaimedStatus;
  receivedAtMs: number;
  /** The peer's clock minus ours; from one exchange, so off by half its duration at most. */
  clockOffsetMs: number | undefined;
  roundTripMs: number | undefined;
}

export type PeerStatusEvents = {
  /** A peer of our chain, or of any while we have none, said where it stands. */
  status: PeerStatus;
};

export interface PeerStatusesOptions {
  network: Network;
  clock: Clock;
  logger: Logger;
  /** Our own. */
  status(): ChainStatus;
}

/** Where the connected peers say they stand: asked on connecting and every few seconds, told by their acknowledgements. */
export class PeerStatuses {
  readonly events = new Emitter<PeerStatusEvents>();
  readonly #options: PeerStatusesOptions;
  readonly #byPeer = new Map<PeerId, PeerStatus>();
  readonly #asking = new Set<PeerId>();
  /** Chains that were warned of. */
  readonly #foreign = new LruMap<Hex, true>(256);
  #stops: (() => void)[] = [];
  #stopped = false;

  constructor(options: PeerStatusesOptions) {
    this.#options = options;
  }

  start(): void {
    const { network } = this.#options;
    network.serve(height, (_request, context) => {
      context.onAck((ack) => this.#accept(context.peer, ack, undefined));
      return this.#answer();
    });
    this.#stops = [
      network.on("connected", (peer) => void this.ask(peer)),
      network.on("disconnected", (peer) => this.#byPeer.delete(peer)),
    ];
    this.#poll();
  }

  stop(): void {
    this.#stopped = true;
    for (const stop of this.#stops) stop();
  }

  all(): PeerStatus[] {
    return [...this.#byPeer.values()];
  }

  get(peer: PeerId): PeerStatus | undefined {
    return this.#byPeer.get(peer);
  }

  /** What it said last of itself was not so. */
  forget(peer: PeerId): void {
    this.#byPeer.delete(peer);
  }

  /** Our chain is another from now on: what peers said before was not compared with it. */
  reset(): void {
    this.#byPeer.clear();
  }

  /** Asks a peer for its height, and acknowledges the answer with ours. Never rejects. */
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
      logger.debug({ peer, error: messageOf(error) }, "no height from peer");
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
    const { clock, network } = this.#options;
    const own = this.#options.status().genesisId;
    if (isSet(own) && isSet(status.genesisId) && !equalBytes(own, status.genesisId)) {
      this.#refuse(peer, status.genesisId);
      return;
    }
    // It looks for a genesis, and finds ours.
    if (isSet(own) && !isSet(status.genesisId)) return;
    if (!network.peers().some(({ id }) => id === peer)) return;
    const previous = this.#byPeer.get(peer);
    const { clockOffsetMs, roundTripMs } = timing ?? previous ?? {};
    const claim = this.#claimOf(peer, status);
    if (!claim) return;
    const entry = { peer, status: claim, receivedAtMs: clock.now(), clockOffsetMs, roundTripMs };
    this.#byPeer.set(peer, entry);
    this.events.emit("status", entry);
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
    if (!this.#foreign.has(genesis)) {
      this.#foreign.set(genesis, true);
      this.#options.logger.warn(
        { peer, genesis },
        "a node of another chain is on this network; it is left alone",
      );
    }
    this.#byPeer.delete(peer);
    this.#options.network.penalize(peer, "wrongGenesis", genesis);
  }

  #poll(): void {
    const stop = this.#options.clock.after(pollIntervalMs, () => {
      if (this.#stopped) return;
      for (const { id } of this.#options.network.peers()) void this.ask(id);
      this.#poll();
    });
    this.#stops[2] = stop;
  }
}

function isSet(id: Uint8Array): boolean {
  return id.some((byte) => byte !== 0);
}
