import { RateLimiter, RequestError, recovery } from "../../protocols/index.ts";
import type { Chain } from "../chain/chain.ts";
import { checkRecovery, recoveryId } from "../consensus/index.ts";
import type { Network, PeerId } from "../network/types.ts";
import { type Recovery, zero32 } from "../types/index.ts";
import { inBackground } from "../util/background.ts";
import { equalBytes, type Hex, toHex } from "../util/bytes.ts";
import { type Clock, every } from "../util/clock.ts";
import { messageOf, UserError } from "../util/errors.ts";
import type { Logger } from "../util/logger.ts";
import { LruMap } from "../util/lru.ts";
import type { PeerStatuses } from "./peer-statuses.ts";
import { requestOne } from "./request-one.ts";

/** The interval at which peers are asked for their heights. */
const lookEveryMs = 5_000;
/** A peer is asked again after this time: its operator may have given it another recovery. */
export const askAgainMs = 60_000;
/** Warnings of claimed recoveries are limited, because anybody can claim any number. */
const warningQuota = { requests: 8, perMs: 3_600_000 };

export interface OtherRecoveriesOptions {
  network: Network;
  statuses: Pick<PeerStatuses, "get">;
  chain: Pick<Chain, "genesis" | "tree">;
  clock: Clock;
  logger: Logger;
}

/** A recovery that peers claim to have been given, and this node was not. Only the agreement of people proves it. */
interface ClaimedRecovery {
  id: Hex;
  height: number;
  authorities: number;
  /** The number of connected peers that claim it. */
  peers: number;
}

/** Claims of peers that have gone through other recoveries than this node. */
export interface RecoveryClaims {
  /** Recoveries that this node was not given, the most frequently claimed first. */
  unknown: ClaimedRecovery[];
  /** The number of connected peers that were not given this node's newest recovery. */
  without: number;
}

interface Asked {
  atMs: number;
  /** Undefined if the peer has none, or one of this node's. */
  claimed: Recovery | undefined;
}

/**
 * Asks peers whose digest names other recoveries which one they were given, so that the operator can be told. A claim
 * decides nothing: it is shown, and nobody is blamed for it.
 */
export class OtherRecoveries {
  readonly #options: OtherRecoveriesOptions;
  readonly #asked = new Map<PeerId, Asked>();
  readonly #told = new LruMap<Hex, true>(64);
  readonly #warnings: RateLimiter;
  #stops: (() => void)[] = [];

  constructor(options: OtherRecoveriesOptions) {
    this.#options = options;
    this.#warnings = new RateLimiter(options.clock);
  }

  /** Serves this node's own recovery, and begins to ask the peers. */
  start(): void {
    const { network, chain, clock } = this.#options;
    const { newest } = chain.tree.recoveries;
    network.serve(recovery, async function* () {
      if (!newest) throw new RequestError("resourceUnavailable", "no recovery was given to this node");
      yield newest;
    });
    this.#look();
    this.#stops = [
      network.on("disconnected", (peer) => this.#asked.delete(peer)),
      every(clock, lookEveryMs, () => this.#look()),
    ];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  claims(): RecoveryClaims {
    const { network, chain } = this.#options;
    const unknown = new Map<Hex, ClaimedRecovery>();
    let without = 0;
    for (const { id: peer } of network.peers()) {
      const asked = this.#asked.get(peer);
      if (!asked || !this.#isOther(peer)) continue;
      const { claimed } = asked;
      if (!claimed) {
        if (chain.tree.recoveries.newest) without++;
        continue;
      }
      const id = toHex(recoveryId(claimed));
      const known = unknown.get(id);
      const { block, authorities } = claimed;
      const peers = (known?.peers ?? 0) + 1;
      unknown.set(id, { id, height: block.height, authorities: authorities.length, peers });
    }
    return { unknown: [...unknown.values()].sort((a, b) => b.peers - a.peers), without };
  }

  #look(): void {
    const { network, clock } = this.#options;
    for (const { id } of network.peers()) {
      const asked = this.#asked.get(id);
      if (this.#isOther(id) && !(asked && clock.now() - asked.atMs < askAgainMs)) inBackground(this.#ask(id));
    }
  }

  /** True if a peer claims that its chain has gone through other recoveries than this node's. */
  #isOther(peer: PeerId): boolean {
    return this.#options.statuses.get(peer)?.isFollowed === false;
  }

  /** Never rejects. */
  async #ask(peer: PeerId): Promise<void> {
    const { network, chain, clock, logger } = this.#options;
    const { ids } = chain.tree.recoveries;
    const before = this.#asked.get(peer);
    this.#asked.set(peer, { atMs: clock.now(), claimed: before?.claimed });
    try {
      const known = ids.at(-1) ?? zero32;
      const claimed = await requestOne(network, peer, recovery, { known }).catch((error) => {
        if (error instanceof RequestError && error.code === "resourceUnavailable") return undefined;
        throw error;
      });
      if (claimed) checkRecovery(claimed, chain.genesis.id, chain.genesis.config);
      const isKnown = claimed && ids.some((id) => equalBytes(id, recoveryId(claimed!)));
      if (!this.#asked.has(peer)) return;
      this.#asked.set(peer, { atMs: clock.now(), claimed: isKnown ? undefined : claimed });
      if (claimed && !isKnown) this.#tell(claimed);
    } catch (error) {
      logger.debug({ peer, error: messageOf(error) }, "the peer did not say which recovery it follows");
      // A node that follows a recovery has checked it, so this peer sends one that nobody follows.
      if (error instanceof UserError) network.penalize(peer, "invalidResponse", messageOf(error));
    }
  }

  #tell(claimed: Recovery): void {
    const id = toHex(recoveryId(claimed));
    if (this.#told.has(id) || !this.#warnings.take("warnings", warningQuota)) return;
    this.#told.set(id, true);
    this.#options.logger.warn(
      { recovery: id, height: claimed.block.height, authorities: claimed.authorities.length },
      `A PEER CLAIMS THAT THIS CHAIN WENT ON FROM A RECOVERY THAT THIS NODE WAS NOT GIVEN: ${id}. If its operators have agreed on that, start this node once with --recovery=<their file>; if not, there is nothing to do`,
    );
  }
}
